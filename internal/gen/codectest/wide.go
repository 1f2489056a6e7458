package codectest

// Wide70 has more fields than a word has bits.
//
//state:key codectest-wide:<id> ttl=1m
//state:key codectest-wide-pack:<id> ttl=1m codec=msgpack name=Wide70Pack
type Wide70 struct {
	F0  string         `json:"f0,omitempty"`
	F1  int            `json:"f1"`
	F2  bool           `json:"f2"`
	F3  []int          `json:"f3,omitempty"`
	F4  *string        `json:"f4"`
	F5  float64        `json:"f5"`
	F6  Item           `json:"f6,omitempty"`
	F7  map[string]int `json:"f7"`
	F8  string         `json:"f8"`
	F9  int            `json:"f9,omitempty"`
	F10 bool           `json:"f10"`
	F11 []int          `json:"f11"`
	F12 *string        `json:"f12,omitempty"`
	F13 float64        `json:"f13"`
	F14 Item           `json:"f14"`
	F15 map[string]int `json:"f15,omitempty"`
	F16 string         `json:"f16"`
	F17 int            `json:"f17"`
	F18 bool           `json:"f18,omitempty"`
	F19 []int          `json:"f19"`
	F20 *string        `json:"f20"`
	F21 float64        `json:"f21,omitempty"`
	F22 Item           `json:"f22"`
	F23 map[string]int `json:"f23"`
	F24 string         `json:"f24,omitempty"`
	F25 int            `json:"f25"`
	F26 bool           `json:"f26"`
	F27 []int          `json:"f27,omitempty"`
	F28 *string        `json:"f28"`
	F29 float64        `json:"f29"`
	F30 Item           `json:"f30,omitempty"`
	F31 map[string]int `json:"f31"`
	F32 string         `json:"f32"`
	F33 int            `json:"f33,omitempty"`
	F34 bool           `json:"f34"`
	F35 []int          `json:"f35"`
	F36 *string        `json:"f36,omitempty"`
	F37 float64        `json:"f37"`
	F38 Item           `json:"f38"`
	F39 map[string]int `json:"f39,omitempty"`
	F40 string         `json:"f40"`
	F41 int            `json:"f41"`
	F42 bool           `json:"f42,omitempty"`
	F43 []int          `json:"f43"`
	F44 *string        `json:"f44"`
	F45 float64        `json:"f45,omitempty"`
	F46 Item           `json:"f46"`
	F47 map[string]int `json:"f47"`
	F48 string         `json:"f48,omitempty"`
	F49 int            `json:"f49"`
	F50 bool           `json:"f50"`
	F51 []int          `json:"f51,omitempty"`
	F52 *string        `json:"f52"`
	F53 float64        `json:"f53"`
	F54 Item           `json:"f54,omitempty"`
	F55 map[string]int `json:"f55"`
	F56 string         `json:"f56"`
	F57 int            `json:"f57,omitempty"`
	F58 bool           `json:"f58"`
	F59 []int          `json:"f59"`
	F60 *string        `json:"f60,omitempty"`
	F61 float64        `json:"f61"`
	F62 Item           `json:"f62"`
	F63 map[string]int `json:"f63,omitempty"`
	F64 string         `json:"f64"`
	F65 int            `json:"f65"`
	F66 bool           `json:"f66,omitempty"`
	F67 []int          `json:"f67"`
	F68 *string        `json:"f68"`
	F69 float64        `json:"f69,omitempty"`
}

// Wide256 has as many fields as a codec can have.
//
//state:key codectest-wide256:<id> ttl=1m
//state:key codectest-wide256-pack:<id> ttl=1m codec=msgpack name=Wide256Pack
type Wide256 struct {
	F0   int
	F1   int
	F2   int
	F3   int
	F4   int
	F5   int
	F6   int
	F7   int
	F8   int
	F9   int
	F10  int
	F11  int
	F12  int
	F13  int
	F14  int
	F15  int
	F16  int
	F17  int
	F18  int
	F19  int
	F20  int
	F21  int
	F22  int
	F23  int
	F24  int
	F25  int
	F26  int
	F27  int
	F28  int
	F29  int
	F30  int
	F31  int
	F32  int
	F33  int
	F34  int
	F35  int
	F36  int
	F37  int
	F38  int
	F39  int
	F40  int
	F41  int
	F42  int
	F43  int
	F44  int
	F45  int
	F46  int
	F47  int
	F48  int
	F49  int
	F50  int
	F51  int
	F52  int
	F53  int
	F54  int
	F55  int
	F56  int
	F57  int
	F58  int
	F59  int
	F60  int
	F61  int
	F62  int
	F63  int
	F64  int
	F65  int
	F66  int
	F67  int
	F68  int
	F69  int
	F70  int
	F71  int
	F72  int
	F73  int
	F74  int
	F75  int
	F76  int
	F77  int
	F78  int
	F79  int
	F80  int
	F81  int
	F82  int
	F83  int
	F84  int
	F85  int
	F86  int
	F87  int
	F88  int
	F89  int
	F90  int
	F91  int
	F92  int
	F93  int
	F94  int
	F95  int
	F96  int
	F97  int
	F98  int
	F99  int
	F100 int
	F101 int
	F102 int
	F103 int
	F104 int
	F105 int
	F106 int
	F107 int
	F108 int
	F109 int
	F110 int
	F111 int
	F112 int
	F113 int
	F114 int
	F115 int
	F116 int
	F117 int
	F118 int
	F119 int
	F120 int
	F121 int
	F122 int
	F123 int
	F124 int
	F125 int
	F126 int
	F127 int
	F128 int
	F129 int
	F130 int
	F131 int
	F132 int
	F133 int
	F134 int
	F135 int
	F136 int
	F137 int
	F138 int
	F139 int
	F140 int
	F141 int
	F142 int
	F143 int
	F144 int
	F145 int
	F146 int
	F147 int
	F148 int
	F149 int
	F150 int
	F151 int
	F152 int
	F153 int
	F154 int
	F155 int
	F156 int
	F157 int
	F158 int
	F159 int
	F160 int
	F161 int
	F162 int
	F163 int
	F164 int
	F165 int
	F166 int
	F167 int
	F168 int
	F169 int
	F170 int
	F171 int
	F172 int
	F173 int
	F174 int
	F175 int
	F176 int
	F177 int
	F178 int
	F179 int
	F180 int
	F181 int
	F182 int
	F183 int
	F184 int
	F185 int
	F186 int
	F187 int
	F188 int
	F189 int
	F190 int
	F191 int
	F192 int
	F193 int
	F194 int
	F195 int
	F196 int
	F197 int
	F198 int
	F199 int
	F200 int
	F201 int
	F202 int
	F203 int
	F204 int
	F205 int
	F206 int
	F207 int
	F208 int
	F209 int
	F210 int
	F211 int
	F212 int
	F213 int
	F214 int
	F215 int
	F216 int
	F217 int
	F218 int
	F219 int
	F220 int
	F221 int
	F222 int
	F223 int
	F224 int
	F225 int
	F226 int
	F227 int
	F228 int
	F229 int
	F230 int
	F231 int
	F232 int
	F233 int
	F234 int
	F235 int
	F236 int
	F237 int
	F238 int
	F239 int
	F240 int
	F241 int
	F242 int
	F243 int
	F244 int
	F245 int
	F246 int
	F247 int
	F248 int
	F249 int
	F250 int
	F251 int
	F252 int
	F253 int
	F254 int
	F255 int
}

// Wide257 has more, so that it has no codec.
//
//state:key codectest-wide257:<id> ttl=1m
//state:key codectest-wide257-pack:<id> ttl=1m codec=msgpack name=Wide257Pack
type Wide257 struct {
	F0   int
	F1   int
	F2   int
	F3   int
	F4   int
	F5   int
	F6   int
	F7   int
	F8   int
	F9   int
	F10  int
	F11  int
	F12  int
	F13  int
	F14  int
	F15  int
	F16  int
	F17  int
	F18  int
	F19  int
	F20  int
	F21  int
	F22  int
	F23  int
	F24  int
	F25  int
	F26  int
	F27  int
	F28  int
	F29  int
	F30  int
	F31  int
	F32  int
	F33  int
	F34  int
	F35  int
	F36  int
	F37  int
	F38  int
	F39  int
	F40  int
	F41  int
	F42  int
	F43  int
	F44  int
	F45  int
	F46  int
	F47  int
	F48  int
	F49  int
	F50  int
	F51  int
	F52  int
	F53  int
	F54  int
	F55  int
	F56  int
	F57  int
	F58  int
	F59  int
	F60  int
	F61  int
	F62  int
	F63  int
	F64  int
	F65  int
	F66  int
	F67  int
	F68  int
	F69  int
	F70  int
	F71  int
	F72  int
	F73  int
	F74  int
	F75  int
	F76  int
	F77  int
	F78  int
	F79  int
	F80  int
	F81  int
	F82  int
	F83  int
	F84  int
	F85  int
	F86  int
	F87  int
	F88  int
	F89  int
	F90  int
	F91  int
	F92  int
	F93  int
	F94  int
	F95  int
	F96  int
	F97  int
	F98  int
	F99  int
	F100 int
	F101 int
	F102 int
	F103 int
	F104 int
	F105 int
	F106 int
	F107 int
	F108 int
	F109 int
	F110 int
	F111 int
	F112 int
	F113 int
	F114 int
	F115 int
	F116 int
	F117 int
	F118 int
	F119 int
	F120 int
	F121 int
	F122 int
	F123 int
	F124 int
	F125 int
	F126 int
	F127 int
	F128 int
	F129 int
	F130 int
	F131 int
	F132 int
	F133 int
	F134 int
	F135 int
	F136 int
	F137 int
	F138 int
	F139 int
	F140 int
	F141 int
	F142 int
	F143 int
	F144 int
	F145 int
	F146 int
	F147 int
	F148 int
	F149 int
	F150 int
	F151 int
	F152 int
	F153 int
	F154 int
	F155 int
	F156 int
	F157 int
	F158 int
	F159 int
	F160 int
	F161 int
	F162 int
	F163 int
	F164 int
	F165 int
	F166 int
	F167 int
	F168 int
	F169 int
	F170 int
	F171 int
	F172 int
	F173 int
	F174 int
	F175 int
	F176 int
	F177 int
	F178 int
	F179 int
	F180 int
	F181 int
	F182 int
	F183 int
	F184 int
	F185 int
	F186 int
	F187 int
	F188 int
	F189 int
	F190 int
	F191 int
	F192 int
	F193 int
	F194 int
	F195 int
	F196 int
	F197 int
	F198 int
	F199 int
	F200 int
	F201 int
	F202 int
	F203 int
	F204 int
	F205 int
	F206 int
	F207 int
	F208 int
	F209 int
	F210 int
	F211 int
	F212 int
	F213 int
	F214 int
	F215 int
	F216 int
	F217 int
	F218 int
	F219 int
	F220 int
	F221 int
	F222 int
	F223 int
	F224 int
	F225 int
	F226 int
	F227 int
	F228 int
	F229 int
	F230 int
	F231 int
	F232 int
	F233 int
	F234 int
	F235 int
	F236 int
	F237 int
	F238 int
	F239 int
	F240 int
	F241 int
	F242 int
	F243 int
	F244 int
	F245 int
	F246 int
	F247 int
	F248 int
	F249 int
	F250 int
	F251 int
	F252 int
	F253 int
	F254 int
	F255 int
	F256 int
}

// HoldsWide leaves it to the library.
//
//state:key codectest-holds-wide:<id> ttl=1m
//state:key codectest-holds-wide-pack:<id> ttl=1m codec=msgpack name=HoldsWidePack
type HoldsWide struct {
	Wide Wide257   `json:"wide"`
	Many []Wide257 `json:"many"`
	N    int       `json:"n"`
}
