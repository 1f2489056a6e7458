package table

import (
	"strings"
	"testing"
	"time"
)

func TestWrite(t *testing.T) {
	table := Table{Head: []string{"name", "µs"}}
	table.Add("a", "1")
	table.Add("longer", "1234")
	var b strings.Builder
	if err := table.Write(&b); err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"| name   |   µs |",
		"|--------|-----:|",
		"| a      |    1 |",
		"| longer | 1234 |",
		"",
	}, "\n")
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
	table.Add("one cell")
	if table.Write(&b) == nil {
		t.Error("a row of another length was written")
	}
}

func TestSignificant(t *testing.T) {
	for _, c := range []struct {
		v      float64
		digits int
		want   string
	}{
		{3.14159, 3, "3.14"}, {0.9714, 3, "0.971"}, {0.0512, 2, "0.051"}, {9.996, 3, "10.0"}, {999.9, 3, "1000"},
		{12345, 3, "12300"}, {104, 3, "104"}, {0, 3, "0"},
	} {
		if got := Significant(c.v, c.digits); got != c.want {
			t.Errorf("Significant(%v, %d) = %s, want %s", c.v, c.digits, got, c.want)
		}
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "-", 7: "7.00 ns", 1500: "1.50 µs", 999_900: "1.00 ms", 52 * time.Millisecond: "52.0 ms", 90 * time.Second: "90.0 s",
	} {
		if got := Duration(d); got != want {
			t.Errorf("Duration(%d) = %s, want %s", d, got, want)
		}
	}
}
