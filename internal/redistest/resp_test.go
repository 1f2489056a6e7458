package redistest

import (
	"bufio"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReadFrame(t *testing.T) {
	t.Parallel()
	for name, frame := range map[string]string{
		"status":          "+OK\r\n",
		"error":           "-ERR a b\r\n",
		"integer":         ":-1\r\n",
		"string":          "$3\r\na\r\n\r\n",
		"empty string":    "$0\r\n\r\n",
		"null string":     "$-1\r\n",
		"array":           "*2\r\n$1\r\na\r\n*1\r\n:1\r\n",
		"empty array":     "*0\r\n",
		"null array":      "*-1\r\n",
		"null":            "_\r\n",
		"double":          ",-inf\r\n",
		"boolean":         "#t\r\n",
		"big number":      "(3492890328409238509324850943850943825024385\r\n",
		"bulk error":      "!5\r\nERR x\r\n",
		"verbatim":        "=7\r\ntxt:a\r\n\r\n",
		"map":             "%2\r\n+a\r\n*1\r\n:1\r\n+b\r\n_\r\n",
		"set":             "~2\r\n+a\r\n+b\r\n",
		"push":            ">2\r\n+message\r\n$1\r\nx\r\n",
		"attribute":       "|1\r\n+ttl\r\n:3600\r\n*2\r\n:1\r\n:2\r\n",
		"inner attribute": "*2\r\n|1\r\n+a\r\n:1\r\n:2\r\n:3\r\n",
		"long line":       "+" + strings.Repeat("x", 100) + "\r\n",
		"long string":     "$100\r\n" + strings.Repeat("x", 100) + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := bufio.NewReaderSize(strings.NewReader(frame+"+next\r\n"), 16)
			got, err := readFrame(r, nil)
			require.NoError(t, err)
			assert.Equal(t, frame, string(got))
			got, err = readFrame(r, got[:0])
			require.NoError(t, err)
			assert.Equal(t, "+next\r\n", string(got))
			_, err = readFrame(r, nil)
			require.ErrorIs(t, err, io.EOF)

			for cut := 1; cut < len(frame); cut++ {
				_, err := readFrame(bufio.NewReaderSize(strings.NewReader(frame[:cut]), 16), nil)
				require.ErrorIs(t, err, io.ErrUnexpectedEOF, "%q", frame[:cut])
			}
		})
	}
}

func TestReadFrameRefusesOtherBytes(t *testing.T) {
	t.Parallel()
	for _, bytes := range []string{"\r\n", "+OK\n", "$x\r\n", "$-2\r\n", "$?\r\n", "$\r\n", "$999999999999\r\n", "GET k\r\n", "*1\r\n\r\n"} {
		_, err := readFrame(bufio.NewReader(strings.NewReader(bytes)), nil)
		var bad protocolError
		require.ErrorAs(t, err, &bad, "%q", bytes)
	}
}

func TestStrs(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"SET", "", "a\r\n"}, requestOf([]byte("*3\r\n$3\r\nset\r\n$0\r\n\r\n$3\r\na\r\n\r\n")))
	assert.Equal(t, []string{""}, requestOf([]byte("*0\r\n")))
	assert.Equal(t, []string{"a"}, strs([]byte("*2\r\n$1\r\na\r\n$1\r\nb\r\n"), 1))
	assert.Empty(t, strs([]byte("*1\r\n$-1\r\n"), 1))
	assert.Empty(t, strs([]byte("*1\r\n:1\r\n"), 1))
}

func TestIsPush(t *testing.T) {
	t.Parallel()
	for frame, want := range map[string]bool{
		">2\r\n$10\r\ninvalidate\r\n_\r\n": true,
		"*2\r\n$7\r\nmessage\r\n+x\r\n":    true,
		"*2\r\n$9\r\nsubscribe\r\n+x\r\n":  true,
		"*2\r\n$4\r\npong\r\n+x\r\n":       false,
		"+OK\r\n":                          false,
	} {
		_, push := isPush([]byte(frame), true)
		assert.Equal(t, want, push, "%q", frame)
		_, push = isPush([]byte(frame), false)
		assert.Equal(t, frame[0] == '>', push, "%q", frame)
	}
}
