package main

import (
	"errors"
	"regexp"
	"unicode/utf8"
)

//go:generate go run ../../cmd/stategen

// Cart is what one visitor means to buy.
//
//state:key cart:<cartID> ttl=30m watch
type Cart struct {
	Items []Item `json:"items"`
}

// Item is one line of a cart.
type Item struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

const (
	maxLines = 50
	maxName  = 60
	maxCount = 99
)

var (
	errItem = errors.New("an item has a name of 1 to 60 characters and a count of 1 to 99")
	errFull = errors.New("the cart is full")
)

// validID matches the names of carts that the page may ask for. A key takes any
// text; this only keeps addresses short.
var validID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// check returns errItem for an item that no cart takes.
func (i Item) check() error {
	if n := utf8.RuneCountInString(i.Name); n == 0 || n > maxName || !utf8.ValidString(i.Name) || i.Count < 1 || i.Count > maxCount {
		return errItem
	}
	return nil
}

// add puts an item into the cart, or more of one that is in it already.
func (c *Cart) add(item Item) error {
	for i := range c.Items {
		if c.Items[i].Name != item.Name {
			continue
		}
		if c.Items[i].Count += item.Count; c.Items[i].Count > maxCount {
			return errFull
		}
		return nil
	}
	if len(c.Items) == maxLines {
		return errFull
	}
	c.Items = append(c.Items, item)
	return nil
}
