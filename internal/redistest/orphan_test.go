//go:build unix

package redistest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const orphanVar = "REDISTEST_LEAVE_ORPHAN"

// TestLeaveOrphan is what TestNothingOutlivesATestWithoutCleanup runs. It
// does nothing elsewhere: a skip would look like a missing server.
func TestLeaveOrphan(t *testing.T) {
	if os.Getenv(orphanVar) == "" {
		return
	}
	servers := []*Server{Start(t)}
	if os.Getenv(orphanVar) == "all" {
		c := StartCluster(t, 1, 1)
		d := StartSentinel(t, 1, 1)
		servers = slices.Concat(servers, c.Nodes(), d.Servers(), d.Sentinels())
	}
	for _, s := range servers {
		_, _ = fmt.Fprintf(os.Stdout, "pid=%d\n", s.PID())
	}
	_, _ = fmt.Fprintln(os.Stdout, "started")
	if os.Getenv(orphanVar) == "panic" {
		panic("a test that panics runs no cleanup")
	}
	time.Sleep(30 * time.Second)
}

func TestNothingOutlivesATestWithoutCleanup(t *testing.T) {
	t.Parallel()
	Require(t)
	for how, processes := range map[string]int{"one": 1, "all": 6, "panic": 1} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "-test.run=^TestLeaveOrphan$", "-test.v")
			cmd.Env = append(os.Environ(), orphanVar+"="+how, "TMPDIR="+t.TempDir())
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())

			var pids []int
			for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != "started"; {
				if s, ok := strings.CutPrefix(lines.Text(), "pid="); ok {
					pid, err := strconv.Atoi(s)
					require.NoError(t, err)
					pids = append(pids, pid)
				}
			}
			require.Len(t, pids, processes, "the test in the child process started too little")
			if how != "panic" {
				for _, pid := range pids {
					require.True(t, alive(pid))
				}
				require.NoError(t, cmd.Process.Kill())
			}
			require.Error(t, cmd.Wait())
			assert.Eventually(t, func() bool { return !slices.ContainsFunc(pids, alive) }, 5*time.Second, 5*time.Millisecond)
		})
	}
}

// A goroutine that ends while locked to its thread takes the thread along, and
// Linux then kills the processes that the thread started.
func TestServersSurviveTheStartingThread(t *testing.T) {
	t.Parallel()
	Require(t)
	var srv *Server
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		srv = Start(t)
	}()
	<-done
	require.NotNil(t, srv)
	ctx := within(t, 5*time.Second)
	for range 20 {
		time.Sleep(time.Millisecond)
		require.NoError(t, srv.Client(t).Ping(ctx).Err())
	}
}
