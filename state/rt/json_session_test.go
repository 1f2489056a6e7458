package rt_test

import (
	"time"

	"github.com/typedstate/typedstate/state/rt"
)

type cartItem struct {
	SKU   string  `json:"sku"`
	Name  string  `json:"name"`
	Count int     `json:"count"`
	Price float64 `json:"price"`
}

type address struct {
	Street string `json:"street"`
	City   string `json:"city"`
	Zip    string `json:"zip"`
}

type session struct {
	UserID    string            `json:"userId"`
	Email     string            `json:"email"`
	Visits    int               `json:"visits"`
	Balance   int64             `json:"balance"`
	Admin     bool              `json:"admin"`
	Score     float64           `json:"score"`
	CreatedAt time.Time         `json:"createdAt"`
	UpdatedAt time.Time         `json:"updatedAt"`
	Cart      []cartItem        `json:"cart"`
	Tags      []string          `json:"tags,omitempty"`
	Labels    map[string]string `json:"labels"`
	Home      address           `json:"home"`
}

func cartItemToJSON(e *rt.JSONEncoder, v *cartItem) {
	e.Open()
	e.Field(`"sku":`).String(v.SKU)
	e.Field(`"name":`).String(v.Name)
	e.Field(`"count":`).Int(int64(v.Count))
	e.Field(`"price":`).Float64(v.Price)
	e.Close()
}

var cartItemFields = rt.FieldsOf("sku", "name", "count", "price")

func cartItemFromJSON(d *rt.JSONDecoder, v *cartItem) {
	for o := d.Object(cartItemFields); o.Next(d); {
		switch o.Field {
		case 0:
			d.String(&v.SKU)
		case 1:
			d.String(&v.Name)
		case 2:
			d.Int(&v.Count)
		case 3:
			d.Float64(&v.Price)
		}
	}
}

func addressToJSON(e *rt.JSONEncoder, v *address) {
	e.Open()
	e.Field(`"street":`).String(v.Street)
	e.Field(`"city":`).String(v.City)
	e.Field(`"zip":`).String(v.Zip)
	e.Close()
}

var addressFields = rt.FieldsOf("street", "city", "zip")

func addressFromJSON(d *rt.JSONDecoder, v *address) {
	for o := d.Object(addressFields); o.Next(d); {
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

func stringToJSON(e *rt.JSONEncoder, v *string) { e.String(*v) }

func sessionToJSON(e *rt.JSONEncoder, v *session) {
	e.Open()
	e.Field(`"userId":`).String(v.UserID)
	e.Field(`"email":`).String(v.Email)
	e.Field(`"visits":`).Int(int64(v.Visits))
	e.Field(`"balance":`).Int(v.Balance)
	e.Field(`"admin":`).Bool(v.Admin)
	e.Field(`"score":`).Float64(v.Score)
	e.Field(`"createdAt":`).Time(v.CreatedAt)
	e.Field(`"updatedAt":`).Time(v.UpdatedAt)
	e.Field(`"cart":`)
	rt.SliceToJSON(e, v.Cart, cartItemToJSON)
	if len(v.Tags) > 0 {
		e.Field(`"tags":`)
		rt.SliceToJSON(e, v.Tags, stringToJSON)
	}
	e.Field(`"labels":`)
	rt.MapToJSON(e, v.Labels, stringToJSON)
	e.Field(`"home":`)
	addressToJSON(e, &v.Home)
	e.Close()
}

var sessionFields = rt.FieldsOf(
	"userId", "email", "visits", "balance", "admin", "score", "createdAt", "updatedAt", "cart", "tags", "labels", "home",
)

func sessionFromJSON(d *rt.JSONDecoder, v *session) {
	for o := d.Object(sessionFields); o.Next(d); {
		switch o.Field {
		case 0:
			d.String(&v.UserID)
		case 1:
			d.String(&v.Email)
		case 2:
			d.Int(&v.Visits)
		case 3:
			d.Int64(&v.Balance)
		case 4:
			d.Bool(&v.Admin)
		case 5:
			d.Float64(&v.Score)
		case 6:
			d.Time(&v.CreatedAt)
		case 7:
			d.Time(&v.UpdatedAt)
		case 8:
			rt.SliceFromJSON(d, &v.Cart, cartItemFromJSON)
		case 9:
			rt.SliceFromJSON(d, &v.Tags, (*rt.JSONDecoder).String)
		case 10:
			rt.MapFromJSON(d, &v.Labels, (*rt.JSONDecoder).String)
		case 11:
			addressFromJSON(d, &v.Home)
		}
	}
}

var sessionCodec = rt.JSON(sessionToJSON, sessionFromJSON)

func aSession() session {
	return session{
		UserID: "01JCQ7ZK5R3N8V2W6X4Y9T0B1D", Email: "alice.cooper@example.com", Visits: 42, Balance: 1234567, Admin: true, Score: 97.25,
		CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		UpdatedAt: time.Date(2026, 3, 4, 15, 16, 17, 123456789, time.UTC),
		Cart: []cartItem{
			{"SKU-100200", "Coffee beans, dark roast, 1kg", 2, 19.99},
			{"SKU-100201", "Paper filters (100)", 1, 4.5},
			{"SKU-100202", "Grinder with ceramic burrs", 1, 129},
			{"SKU-100203", "Mug", 6, 7.95},
		},
		Tags:   []string{"returning", "newsletter", "beta"},
		Labels: map[string]string{"region": "eu-central-1", "plan": "premium", "theme": "dark", "referrer": "search"},
		Home:   address{"12 Long Street with a Name", "Springfield", "12345-678"},
	}
}

type tiny struct {
	ID string `json:"id"`
	N  int    `json:"n"`
	OK bool   `json:"ok"`
}

func tinyToJSON(e *rt.JSONEncoder, v *tiny) {
	e.Open()
	e.Field(`"id":`).String(v.ID)
	e.Field(`"n":`).Int(int64(v.N))
	e.Field(`"ok":`).Bool(v.OK)
	e.Close()
}

var tinyFields = rt.FieldsOf("id", "n", "ok")

func tinyFromJSON(d *rt.JSONDecoder, v *tiny) {
	for o := d.Object(tinyFields); o.Next(d); {
		switch o.Field {
		case 0:
			d.String(&v.ID)
		case 1:
			d.Int(&v.N)
		case 2:
			d.Bool(&v.OK)
		}
	}
}

var tinyCodec = rt.JSON(tinyToJSON, tinyFromJSON)
