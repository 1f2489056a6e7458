package limitspec_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/limitspec"
)

func TestADirectivesOptionIsRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]limitspec.Limit{
		"window=100/1m":                     window("window-1m", 100, time.Minute),
		"window=1/90m":                      window("window-1h30m", 1, 90*time.Minute),
		"window=1/1.5s":                     window("window-1s500ms", 1, 1500*time.Millisecond),
		"window=1/1500µs":                   window("window-1ms500us", 1, 1500*time.Microsecond),
		"window=1/1h0m0.25s":                window("window-1h250ms", 1, time.Hour+250*time.Millisecond),
		"window=0/-1m":                      window("window--1m", 0, -time.Minute),
		"window=9223372036854775807/0s":     window("window-0s", 1<<63-1, 0),
		"bucket=1000/1h":                    bucket("bucket-1h", 1000, time.Hour, 0),
		"bucket=1000/1h,burst=200,name=a_1": bucket("a_1", 1000, time.Hour, 200),
		"window=5/1s,shadow,name=spike,slots=256": {
			Kind: limitspec.Window, Name: "spike", N: 5, Per: time.Second, Slots: 256, Shadow: true,
		},
		"bucket=5/24h,shadow": {Kind: limitspec.Bucket, Name: "bucket-24h", N: 5, Per: 24 * time.Hour, Shadow: true},
	} {
		l, at, err := limitspec.Parse(option(text))
		require.NoError(t, err, text)
		assert.Zero(t, at, text)
		assert.Equal(t, want, l, text)
	}
}

func TestWhatIsWrongWithAnOptionIsFoundAtItsByte(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string // with a "^" before the byte
		want string
	}{
		{"window=^", `"" is no whole number from 0`},
		{"window=^many/1m", `"many" is no whole number from 0`},
		{"window=^-1/1m", `"-1" is no whole number`},
		{"window=^+1/1m", `"+1" is no whole number`},
		{"window=^1_000/1m", `"1_000" is no whole number`},
		{"window=^9223372036854775808/1m", "is no whole number from 0 to 2^63-1"},
		{`window=^"100/1m"`, `"\"100" is no whole number`},
		{"window=100^", `there is no time; give one after a "/", such as 100/1m`},
		{"window=100^,shadow", "there is no time"},
		{"window=100/^", `"" is no Go duration`},
		{"window=100/^m", `"m" is no Go duration, such as 1s, 1m or 24h`},
		{"window=100/^1m/2", `"1m/2" is no Go duration`},
		{"window=100/1m,^", "there is nothing after the comma; write a limit without spaces"},
		{"window=100/1m,^=5", "there is nothing after the comma"},
		{"window=100/1m,^burst=5", `a window has no "burst"; there are slots, shadow and name`},
		{"bucket=100/1m,^slots=5", `a bucket has no "slots"; there are burst, shadow and name`},
		{"bucket=100/1m,burst=5,^brust=6", `a bucket has no "brust"`},
		{"bucket=100/1m,burst=5,shadow,^burst=6", `"burst" stands twice`},
		{"bucket=100/1m,^burst", "burst needs a value, such as burst=200"},
		{"window=100/1m,^slots", "slots needs a value, such as slots=64"},
		{"bucket=100/1m,^name", "name needs a value, such as name=spike"},
		{"bucket=100/1m,burst=^0", `"0" is no whole number from 1`},
		{"bucket=100/1m,burst=^", `"" is no whole number from 1`},
		{"window=100/1m,slots=^0", `"0" is no whole number from 1`},
		{"window=100/1m,slots=^257", "257 slots are too many; give 1 to 256"},
		{"window=100/1m,shadow=^no", "shadow takes no value"},
		{"window=100/1m,shadow,name=^Spike", `name "Spike" holds other characters`},
		{"window=100/1m,name=^", "a name of 0 bytes"},
		{"window=100/1m,name=^a=b", `name "a=b" holds other characters`},
	} {
		before, after, _ := strings.Cut(c.text, "^")
		_, at, err := limitspec.Parse(option(before + after))
		require.ErrorContains(t, err, c.want, c.text)
		assert.Equal(t, len(before)-len("window="), at, c.text)
	}
}

// What a limit prints as is read as the same limit, and nothing that is read has the
// reader go astray.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"100/1m", "1/1.5s,shadow", "7/2562047h47m16.854775807s,name=x", "1/-1ns,burst=3", "1/1h,slots=9,,"} {
		f.Add(true, text)
		f.Add(false, text)
	}
	f.Fuzz(func(t *testing.T, isWindow bool, text string) {
		kind := limitspec.Bucket
		if isWindow {
			kind = limitspec.Window
		}
		l, at, err := limitspec.Parse(kind, text)
		require.GreaterOrEqual(t, at, 0)
		require.LessOrEqual(t, at, len(text))
		if err != nil {
			return
		}
		again, _, err := limitspec.Parse(option(l.String()))
		require.NoError(t, err, l.String())
		require.Equal(t, l, again)
	})
}

// option splits an option into its kind and the text that [limitspec.Parse] takes.
func option(text string) (limitspec.Kind, string) {
	name, value, _ := strings.Cut(text, "=")
	if name == limitspec.Bucket.String() {
		return limitspec.Bucket, value
	}
	return limitspec.Window, value
}
