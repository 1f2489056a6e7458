package model

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// SampleSession returns the n-th session. They differ in what tells users apart,
// and in nothing that makes one of them dearer to encode.
func SampleSession(n int) Session {
	at := time.Date(2026, 11, 23, 9, 30, 15, 123_456_000, time.UTC)
	return Session{
		UserID:    UserID(n),
		Email:     fmt.Sprintf("alice.%06d@example.com", n),
		Locale:    "en-GB",
		CreatedAt: at.Add(time.Duration(n) * time.Second),
		Visits:    1000 + n,
		Revision:  70_000 + uint32(n),
		Verified:  true,
		Total:     149.95,
		Cart: []Item{
			{SKU: "sku-10001", Title: "Earl Grey, loose leaf, 250 g", Count: 2, Price: 12.5},
			{SKU: "sku-10002", Title: "Cast iron teapot, 1.2 l, black", Count: 1, Price: 79.95},
			{SKU: "sku-10003", Title: "Bamboo whisk with its own stand", Count: 1, Price: 22},
			{SKU: "sku-10004", Title: "Porcelain cups, a set of four", Count: 1, Price: 23},
			{SKU: "sku-10005", Title: "Milk jug, 0.3 l, hand painted", Count: 1, Price: 18.5},
			{SKU: "sku-10006", Title: "Tea strainer, stainless steel", Count: 3, Price: 4.25},
		},
		Tags: []string{"returning", "newsletter", "gift-wrap", "vip", "two-factor"},
		Labels: map[string]string{
			"campaign": "autumn-sale", "channel": "mobile-app", "experiment": "checkout-b", "referrer": "partner-17",
			"device": "phone-small", "currency": "GBP",
		},
		Address: Address{Street: "221B Baker Street", City: "London", Zip: "NW1 6XE", Country: "United Kingdom"},
	}
}

// SamplePresence returns the n-th presence.
func SamplePresence(n int) Presence {
	return Presence{UserID: UserID(n), Room: 1000 + n, Online: true}
}

// UserID returns the n-th user's ID.
func UserID(n int) string { return fmt.Sprintf("user-%06d", n) }

// Equal reports whether the sessions are the same; times are, if they are the
// same instant, as not every codec keeps the zone.
func (s Session) Equal(t Session) bool {
	return s.UserID == t.UserID && s.Email == t.Email && s.Locale == t.Locale && s.CreatedAt.Equal(t.CreatedAt) &&
		s.Visits == t.Visits && s.Revision == t.Revision && s.Verified == t.Verified && s.Total == t.Total &&
		slices.Equal(s.Cart, t.Cart) && slices.Equal(s.Tags, t.Tags) && maps.Equal(s.Labels, t.Labels) &&
		s.Address == t.Address
}

// Equal reports whether they are the same.
func (p Presence) Equal(q Presence) bool { return p == q }
