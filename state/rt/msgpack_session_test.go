package rt_test

import (
	"time"

	"github.com/typedstate/typedstate/state/rt"
)

// packedSession is what a generated codec is for: about a kilobyte in a dozen fields.
type packedSession struct {
	UserID    string            `json:"userId"`
	Email     string            `json:"email"`
	Visits    int               `json:"visits"`
	Score     int64             `json:"score"`
	Admin     bool              `json:"admin"`
	Balance   float64           `json:"balance"`
	UpdatedAt time.Time         `json:"updatedAt"`
	Cart      []packedItem      `json:"cart"`
	Tags      []string          `json:"tags"`
	Labels    map[string]string `json:"labels"`
	Address   packedAddress     `json:"address"`
	Note      string            `json:"note,omitempty"`
}

type packedItem struct {
	SKU   string  `json:"sku"`
	Title string  `json:"title"`
	Count int     `json:"count"`
	Price float64 `json:"price"`
}

type packedAddress struct {
	Street string `json:"street"`
	City   string `json:"city"`
	Zip    string `json:"zip"`
}

type packedTiny struct {
	ID    string `json:"id"`
	Count int    `json:"count"`
}

var sessionMsgpack = rt.Msgpack(sessionToMsgpack, sessionFromMsgpack)

func sessionToMsgpack(e *rt.MsgpackEncoder, v *packedSession) {
	m := e.Open(12)
	e.Field("\xa6userId").String(v.UserID)
	e.Field("\xa5email").String(v.Email)
	e.Field("\xa6visits").Int(int64(v.Visits))
	e.Field("\xa5score").Int(v.Score)
	e.Field("\xa5admin").Bool(v.Admin)
	e.Field("\xa7balance").Float64(v.Balance)
	e.Field("\xa9updatedAt").Time(v.UpdatedAt)
	rt.SliceToMsgpack(e.Field("\xa4cart"), v.Cart, cartItemToMsgpack)
	rt.SliceToMsgpack(e.Field("\xa4tags"), v.Tags, func(e *rt.MsgpackEncoder, v *string) { e.String(*v) })
	rt.MapToMsgpack(e.Field("\xa6labels"), v.Labels, func(e *rt.MsgpackEncoder, v *string) { e.String(*v) })
	addressToMsgpack(e.Field("\xa7address"), &v.Address)
	if v.Note != "" {
		e.Field("\xa4note").String(v.Note)
	}
	e.Close(m)
}

func cartItemToMsgpack(e *rt.MsgpackEncoder, v *packedItem) {
	m := e.Open(4)
	e.Field("\xa3sku").String(v.SKU)
	e.Field("\xa5title").String(v.Title)
	e.Field("\xa5count").Int(int64(v.Count))
	e.Field("\xa5price").Float64(v.Price)
	e.Close(m)
}

func addressToMsgpack(e *rt.MsgpackEncoder, v *packedAddress) {
	m := e.Open(3)
	e.Field("\xa6street").String(v.Street)
	e.Field("\xa4city").String(v.City)
	e.Field("\xa3zip").String(v.Zip)
	e.Close(m)
}

var (
	packedSessionFields = rt.FieldsOf("userId", "email", "visits", "score", "admin", "balance", "updatedAt", "cart", "tags",
		"labels", "address", "note")
	packedItemFields    = rt.FieldsOf("sku", "title", "count", "price")
	packedAddressFields = rt.FieldsOf("street", "city", "zip")
	packedTinyFields    = rt.FieldsOf("id", "count")
)

func sessionFromMsgpack(d *rt.MsgpackDecoder, v *packedSession) {
	for o := d.Object(packedSessionFields); o.Next(d); {
		switch o.Field {
		case 0:
			d.String(&v.UserID)
		case 1:
			d.String(&v.Email)
		case 2:
			d.Int(&v.Visits)
		case 3:
			d.Int64(&v.Score)
		case 4:
			d.Bool(&v.Admin)
		case 5:
			d.Float64(&v.Balance)
		case 6:
			d.Time(&v.UpdatedAt)
		case 7:
			rt.SliceFromMsgpack(d, &v.Cart, cartItemFromMsgpack)
		case 8:
			rt.SliceFromMsgpack(d, &v.Tags, (*rt.MsgpackDecoder).String)
		case 9:
			rt.MapFromMsgpack(d, &v.Labels, (*rt.MsgpackDecoder).String)
		case 10:
			addressFromMsgpack(d, &v.Address)
		case 11:
			d.String(&v.Note)
		}
	}
}

func cartItemFromMsgpack(d *rt.MsgpackDecoder, v *packedItem) {
	for o := d.Object(packedItemFields); o.Next(d); {
		switch o.Field {
		case 0:
			d.String(&v.SKU)
		case 1:
			d.String(&v.Title)
		case 2:
			d.Int(&v.Count)
		case 3:
			d.Float64(&v.Price)
		}
	}
}

func addressFromMsgpack(d *rt.MsgpackDecoder, v *packedAddress) {
	for o := d.Object(packedAddressFields); o.Next(d); {
		switch o.Field {
		case 0:
			d.String(&v.Street)
		case 1:
			d.String(&v.City)
		case 2:
			d.String(&v.Zip)
		}
	}
}

var tinyMsgpack = rt.Msgpack(tinyToMsgpack, tinyFromMsgpack)

func tinyToMsgpack(e *rt.MsgpackEncoder, v *packedTiny) {
	m := e.Open(2)
	e.Field("\xa2id").String(v.ID)
	e.Field("\xa5count").Int(int64(v.Count))
	e.Close(m)
}

func tinyFromMsgpack(d *rt.MsgpackDecoder, v *packedTiny) {
	for o := d.Object(packedTinyFields); o.Next(d); {
		switch o.Field {
		case 0:
			d.String(&v.ID)
		case 1:
			d.Int(&v.Count)
		}
	}
}

func fullSession() packedSession {
	return packedSession{
		UserID: "user-8d2f6a1c-0042", Email: "alice.example@example.com", Visits: 1234, Score: -987654321, Admin: true,
		Balance: 1234.5678, UpdatedAt: time.Unix(1_767_323_045, 678_000_000),
		Cart: []packedItem{
			{"SKU-000-1", "A sturdy oak table for six people", 1, 249.99},
			{"SKU-000-22", "Chair with a leather seat and arms", 6, 79.5},
			{"SKU-000-333", "Lamp, brass, with a linen shade", 2, 45.25},
			{"SKU-000-4444", "Rug 2m x 3m in three shades of blue", 300, 120},
		},
		Tags:    []string{"returning", "newsletter", "beta", "vip", "eu-west"},
		Labels:  map[string]string{"source": "campaign-2026-01", "theme": "dark", "locale": "de-DE", "currency": "EUR"},
		Address: packedAddress{"12 Long Street, Third Floor", "Middle of Nowhere", "12345-6789"},
		Note: "Please leave the parcel with the neighbour at number fourteen, who is at home on weekdays until noon. " +
			"The bell does not work; knock twice and wait, or phone ahead. Gift wrapping for the lamp only, no invoice inside.",
	}
}
