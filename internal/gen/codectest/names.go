package codectest

// Names has names of every kind.
//
//state:key codectest-names:<id> ttl=1m
type Names struct {
	NoTag       string
	OnlyOptions string `json:",omitempty"`
	Dash        string `json:"-,"`
	Skipped     string `json:"-"`
	Symbols     string `json:"!#$%&()*+-./:;<=>?@[]^_{|}~ "`
	HTML        string `json:"<a&b>"`
	Space       string `json:" spaced "`
	Invalid     string `json:"quote\"d"`
	Back        string `json:"back\\slash"`
	Greek       string `json:"όνομα"`
	Ünïcode     string
	Kelvin      string `json:"kelvin"`
	KelvinSign  string `json:"\u212Aelvin"`
	Long        string `json:"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"`
	Upper       int    `json:"FOLDED"`
	Lower       int    `json:"folded"`
	Single      string `json:"'"`
	Comma       string `json:"a,b"`
	unstored    int    `state:"-"`
}

// NamesPack has names of every kind that msgpack takes.
//
//state:key codectest-names-pack:<id> ttl=1m codec=msgpack
type NamesPack struct {
	NoTag       string
	OnlyOptions string `msgpack:",omitempty"`
	Renamed     string `json:"json" msgpack:"pack"`
	SkippedOne  string `json:"skippedOne" msgpack:"-"`
	SkippedTwo  string `json:"-"`
	NotSkipped  string `json:"-" msgpack:"kept"`
	Alias       string `msgpack:"new,alias:old"`
	Greek       string `json:"όνομα"`
	Short31     string `json:"abcdefghijklmnopqrstuvwxyzabcde"`
	Long32      string `json:"abcdefghijklmnopqrstuvwxyzabcdef"`
	Folded      int    `json:"FOLDED"`
	Lower       int    `json:"folded"`
}

// Refused has a tag that gives msgpack another name than JSON, which package
// strict refuses, so that there is no codec.
//
//state:key codectest-refused:<id> ttl=1m codec=msgpack
type Refused struct {
	Symbols string `json:"a:b"`
}

// HoldsRefused is refused with it, however deep it is.
//
//state:key codectest-holds-refused:<id> ttl=1m codec=msgpack
type HoldsRefused struct {
	Deep map[string][]*Refused `json:"deep"`
	N    int                   `json:"n"`
}
