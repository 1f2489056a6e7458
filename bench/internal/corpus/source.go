// Package corpus measures what the generators take: it writes packages of many
// structs and runs the built programs on them.
package corpus

import (
	"fmt"
	"strings"
)

// source returns a package of n structs like model.Session, each annotated for
// stategen, which is to make the MessagePack codec that msgp makes too. The
// structs that they hold are shared, as they are in services.
func source(n int) string {
	var b strings.Builder
	b.WriteString(head)
	for i := range n {
		fmt.Fprintf(&b, session, i)
	}
	return b.String()
}

const head = `package corpus

import "time"

//msgp:tag json

type Item struct {
	SKU   string  ` + "`json:\"sku\"`" + `
	Title string  ` + "`json:\"title\"`" + `
	Count int     ` + "`json:\"count\"`" + `
	Price float64 ` + "`json:\"price\"`" + `
}

type Place struct {
	Street  string ` + "`json:\"street\"`" + `
	City    string ` + "`json:\"city\"`" + `
	Zip     string ` + "`json:\"zip\"`" + `
	Country string ` + "`json:\"country\"`" + `
}
`

const session = `
//state:key session%[1]d:<userID> ttl=30m codec=msgpack
type Session%[1]d struct {
	UserID    string            ` + "`json:\"userId\"`" + `
	Email     string            ` + "`json:\"email\"`" + `
	Locale    string            ` + "`json:\"locale\"`" + `
	CreatedAt time.Time         ` + "`json:\"createdAt\"`" + `
	Visits    int               ` + "`json:\"visits\"`" + `
	Revision  uint32            ` + "`json:\"revision\"`" + `
	Verified  bool              ` + "`json:\"verified\"`" + `
	Total     float64           ` + "`json:\"total\"`" + `
	Cart      []Item            ` + "`json:\"cart\"`" + `
	Tags      []string          ` + "`json:\"tags\"`" + `
	Labels    map[string]string ` + "`json:\"labels\"`" + `
	Address   Place             ` + "`json:\"address\"`" + `
}
`
