package redistest

// TB is the part of [testing.TB] that this package uses. It is an interface of
// its own so that programs which are not tests can start servers too.
type TB interface {
	Helper()
	Cleanup(func())
	TempDir() string
	Failed() bool
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
}
