package gen_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const shop = `package shop

//state:key session:<userID:int64> ttl=30m
type Session struct {
	Name string ` + "`json:\"name\"`" + `
	Item Item
	Base
	Levels map[Level][]Tone
	Named  Named
}

type Item struct{ SKU string }

type Base struct{ ID int }

type (
	Level int
	Tone  []byte
	Named struct{ MarshalText, UnmarshalJSON string }
)

//state:key packed:<id> ttl=30m codec=msgpack
type Packed struct{ Item Item }

type (
	Tenant string
	User   string
	Number int
	Count  uint8
	Flag   bool
)

//state:key parts:<a:Number>:<b:Count>:<c:Flag> ttl=30m
type Parts struct{ N int }

//state:key cart:<tenant:Tenant>:<user:User> ttl=30m scan watch
type Cart struct{ N int }

type Caller string

//state:limit calls:<caller:Caller> window=100/1m
type Calls struct{}

//state:limit mails:<tenant:Tenant>:<count:Count> window=100/1m
type Mails struct{}

type Job int

//state:job import:<jobID:Job> keep=24h
type Import struct {
	Progress Rows
	Result   Report
}

type Rows struct{ N int }

type Report struct{ Text string }

//state:job export:<tenant:Tenant>:<count:Count> keep=24h
type Export struct{ Result Number }
`

// What generated code is there to forbid does not compile, and the message says
// why. Each snippet is a package, so that one run of the compiler shows them all.
func TestDoesNotCompile(t *testing.T) {
	t.Parallel()
	snippets := map[string]struct{ body, want string }{
		"fine": {`shop.NewSessionStore(rw).Get(ctx, 1); shop.NewCartReader(rw).GetMany(ctx, shop.CartParams{Tenant: "a", User: "b"})
			rw.Do(shop.CartParams{}.Key(), state.KeyValue[shop.Session]{Key: shop.SessionKey(7)})`, ""},
		"parttype":  {`shop.SessionKey("42")`, `cannot use "42" (untyped string constant) as int64 value in argument to shop.SessionKey`},
		"readerset": {`shop.NewSessionReader(rw).Set(ctx, 1, shop.Session{})`, `shop.NewSessionReader(rw).Set undefined (type *shop.SessionReader has no field or method Set)`},
		"stateset":  {`var r state.Reader = rw; shop.NewSessionStore(r)`, `cannot use r (variable of interface type state.Reader) as state.ReadWriteRemover value`},
		"keyset":    {`var r state.Reader = rw; shop.SessionKey(1).Set(ctx, r, shop.Session{})`, `cannot use r (variable of interface type state.Reader) as state.Writer value`},
		"halfset":   {`shop.NewSessionStore(rw).Reader().Remove(ctx, 1)`, `Remove undefined (type *shop.SessionReader has no field or method Remove)`},
		"swapped":   {`var tenant shop.Tenant; var user shop.User; shop.CartKey(user, tenant)`, `cannot use user (variable of string type shop.User) as shop.Tenant value in argument to shop.CartKey`},
		"value":     {`shop.NewSessionStore(rw).Set(ctx, 1, shop.Cart{})`, `cannot use shop.Cart{} (value of struct type shop.Cart) as shop.Session value`},
		"mixed":     {`state.GetMany(ctx, rw, shop.SessionKey(1), shop.CartKey("a", "b"))`, `does not match inferred type state.Key[shop.Session]`},
		"readerupd": {`shop.NewSessionReader(rw).Update(ctx, 1, func(*shop.Session) error { return nil })`, `shop.NewSessionReader(rw).Update undefined (type *shop.SessionReader has no field or method Update)`},
		"change":    {`shop.NewSessionStore(rw).Update(ctx, 1, func(*shop.Cart) error { return nil })`, `cannot use func(*shop.Cart) error {…} (value of type func(*shop.Cart) error) as func(*shop.Session) error value`},
		"filtered":  {`var user shop.User; shop.CartFilter{}.Tenant(user)`, `cannot use user (variable of string type shop.User) as shop.Tenant value in argument to shop.CartFilter{}.Tenant`},
		"halfall":   {`shop.NewCartReader(rw).RemoveAll(ctx, shop.CartFilter{})`, `RemoveAll undefined (type *shop.CartReader has no field or method RemoveAll)`},
		"noscan":    {`shop.NewSessionStore(rw).Keys(ctx)`, `Keys undefined (type *shop.SessionStore has no field or method Keys)`},
		"watched": {`for e, err := range shop.NewCartReader(rw).Watch(ctx, "a", "b") { rw.Do(e.Value.N, e.Found, err) }
			for e, err := range shop.NewCartStore(rw).WatchAll(ctx, shop.CartFilter{}.Tenant("a")) { rw.Do(e.Params.User, e.Kind, err) }`, ""},
		"nowatch": {`shop.NewSessionReader(rw).Watch(ctx, 1)`, `Watch undefined (type *shop.SessionReader has no field or method Watch)`},
		"limited": {`calls, _ := shop.NewCallsLimiter(db, ratelimit.Options{}); calls.Allow(ctx, "a"); var l *shop.CallsLimiter = calls
			mails, _ := shop.NewMailsLimiter(db, ratelimit.Options{}); mails.AllowN(ctx, shop.MailsSubject{Tenant: "a", Count: 2}, 3); rw.Do(l)`, ""},
		"subject":  {`var user shop.User; calls, _ := shop.NewCallsLimiter(db, ratelimit.Options{}); calls.Allow(ctx, user)`, `cannot use user (variable of string type shop.User) as shop.Caller value in argument to calls.Allow`},
		"subjects": {`calls, _ := shop.NewCallsLimiter(db, ratelimit.Options{}); calls.Allow(ctx, shop.MailsSubject{})`, `cannot use shop.MailsSubject{} (value of struct type shop.MailsSubject) as shop.Caller value`},
		"onefield": {`mails, _ := shop.NewMailsLimiter(db, ratelimit.Options{}); mails.Allow(ctx, shop.MailsSubject{Count: -1})`, `cannot use -1 (untyped int constant) as shop.Count value in struct literal`},
		"limiter":  {`_, _ = shop.NewCallsLimiter(rw, ratelimit.Options{})`, `cannot use rw (variable of interface type store) as *state.Store value in argument to shop.NewCallsLimiter`},
		"tracked": {`imports, _ := shop.NewImportTracker(db, jobs.Options{}); var t *shop.ImportTracker = imports
			s, _ := t.Do(ctx, 7, func(ctx context.Context, run *shop.ImportRun) (shop.Report, error) { return shop.Report{}, run.Report(shop.Rows{N: 1}) })
			var status shop.ImportStatus = s; exports, _ := shop.NewExportTracker(db, jobs.Options{}); run, _ := exports.Start(ctx, shop.ExportJobKey{Tenant: "a", Count: 2})
			rw.Do(status.Progress.N, run.Succeed(ctx, 7), run.Report(jobs.None{}))`, ""},
		"jobkey":   {`imports, _ := shop.NewImportTracker(db, jobs.Options{}); imports.Get(ctx, "42")`, `cannot use "42" (untyped string constant) as shop.Job value in argument to imports.Get`},
		"jobkeys":  {`exports, _ := shop.NewExportTracker(db, jobs.Options{}); exports.Get(ctx, shop.ExportJobKey{Count: -1})`, `cannot use -1 (untyped int constant) as shop.Count value in struct literal`},
		"progress": {`var run *shop.ImportRun; run.Report(shop.Report{})`, `cannot use shop.Report{} (value of struct type shop.Report) as shop.Rows value in argument to run.Report`},
		"result":   {`var run *shop.ImportRun; run.Succeed(ctx, shop.Rows{})`, `cannot use shop.Rows{} (value of struct type shop.Rows) as shop.Report value in argument to run.Succeed`},
		"tracker":  {`_, _ = shop.NewImportTracker(rw, jobs.Options{})`, `cannot use rw (variable of interface type store) as *state.Store value in argument to shop.NewImportTracker`},
		"missing":  {`shop.CartKey("a")`, `not enough arguments in call to shop.CartKey`},
	}
	dir := newModule(t)
	write(t, filepath.Join(dir, "shop", "shop.go"), shop)
	result := run(t, dir, "./...")
	require.False(t, result.Failed(), formatted(result.Diagnostics, dir))
	require.NoError(t, result.Apply())
	for name, s := range snippets {
		write(t, filepath.Join(dir, name, "a.go"), "package "+name+"\n\nimport (\n\t\"context\"\n\n\t\"example.com/m/shop\"\n"+
			"\t\"github.com/typedstate/typedstate/state\"\n\t\"github.com/typedstate/typedstate/state/jobs\"\n"+
			"\t\"github.com/typedstate/typedstate/state/ratelimit\"\n)\n\n"+
			"type store interface{ state.ReadWriteRemover; Do(...any) }\n\nvar (\n\t_ ratelimit.Options\n\t_ jobs.Options\n)\n\n"+
			"func f(ctx context.Context, db *state.Store, rw store) {\n"+s.body+"\n}\n")
	}
	// What has changed since the last run is found in the package itself.
	generated := string(result.Files[0].New)
	newer := strings.Replace(generated, "rt.Version1", "rt.Version999", 1)
	stale := map[string]struct{ source, generated, want string }{
		"stalefield":   {strings.Replace(shop, "SKU string", "SKU, Name string", 1), generated, "item_changed__run_go_generate"},
		"staletype":    {strings.Replace(shop, "Cart struct{ N int", "Cart struct{ N int64", 1), generated, "cart_changed__run_go_generate"},
		"staletag":     {strings.Replace(shop, `json:"name"`, `json:"title"`, 1), generated, "session_changed__run_go_generate"},
		"staleparam":   {strings.Replace(shop, "Tenant string", "Tenant int", 1), generated, `cannot convert "" (untyped string constant) to type Tenant`},
		"stalesign":    {strings.Replace(shop, "Number int", "Number uint", 1), generated, "constant -1 overflows Number"},
		"stalefloat":   {strings.Replace(shop, "Number int", "Number float64", 1), generated, "operator % not defined on Number(-1)"},
		"staleint":     {strings.Replace(shop, "Count  uint8", "Count int", 1), generated, "constant -1 overflows uint64"},
		"stalelimit":   {strings.Replace(shop, "Caller string", "Caller int", 1), generated, `cannot convert "" (untyped string constant) to type Caller`},
		"stalejobkey":  {strings.Replace(shop, "Job int", "Job string", 1), generated, "mismatched types Job and untyped int"},
		"stalejob":     {strings.Replace(shop, "Progress Rows", "Progress Item", 1), generated, "import_changed__run_go_generate"},
		"stalejobless": {strings.Replace(shop, "	Progress Rows\n", "", 1), generated, "import_changed__run_go_generate"},
		"stalejobmore": {strings.Replace(shop, "Export struct{ Result", "Export struct{ Progress Rows; Result", 1), generated, "export_changed__run_go_generate"},
		"stalerows":    {strings.Replace(shop, "Rows struct{ N int", "Rows struct{ N int64", 1), generated, "rows_changed__run_go_generate"},
		"stalereport":  {strings.Replace(shop, "Report struct{ Text", "Report struct{ Title", 1), generated, "report_changed__run_go_generate"},
		"stalemarshal": {shop + "func (*Report) MarshalJSON() ([]byte, error) { return nil, nil }", generated, "report_encodes_itself__run_go_generate"},
		"stalebool":    {strings.Replace(shop, "Flag   bool", "Flag string", 1), generated, "cannot convert true (untyped bool constant) to type Flag"},
		"stalemethod":  {shop + "func (*Item) UnmarshalText([]byte) error { return nil }", generated, "item_encodes_itself__run_go_generate"},
		"stalevalue":   {shop + "func (Level) MarshalJSON() ([]byte, error) { return nil, nil }", generated, "level_encodes_itself__run_go_generate"},
		"staleelem":    {shop + "func (Tone) MarshalText() ([]byte, error) { return nil, nil }", generated, "tone_encodes_itself__run_go_generate"},
		"staleembed":   {shop + "func (*Base) UnmarshalJSON([]byte) error { return nil }", generated, "base_encodes_itself__run_go_generate"},
		"stalemsgpack": {shop + "func (Packed) MarshalBinary() ([]byte, error) { return nil, nil }", generated, "packed_encodes_itself__run_go_generate"},
		"newer":        {shop, newer, "undefined: rt.Version999"},
	}
	for name, s := range stale {
		write(t, filepath.Join(dir, name, "shop.go"), s.source)
		write(t, filepath.Join(dir, name, "state_gen.go"), s.generated)
	}

	build := exec.CommandContext(t.Context(), "go", "build", "./...")
	build.Dir, build.Env = dir, offline
	text, err := build.CombinedOutput()
	require.Error(t, err)
	messages := make(map[string]string)
	for _, part := range regexp.MustCompile(`(?m)^# example\.com/m/`).Split(string(text), -1) {
		name, message, _ := strings.Cut(part, "\n")
		messages[name] = message
	}
	for name, s := range snippets {
		if s.want == "" {
			assert.Empty(t, messages[name])
		} else {
			assert.Contains(t, messages[name], s.want, name)
		}
	}
	for name, s := range stale {
		assert.Contains(t, messages[name], s.want, name)
	}
}
