//go:build !linux

package gen_test

import "os"

// maxRSS is not known in bytes everywhere.
func maxRSS(*os.ProcessState) int64 { return 0 }
