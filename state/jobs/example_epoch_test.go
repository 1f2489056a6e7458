package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
	"github.com/typedstate/typedstate/state/jobs"
)

// A worker that was taken for dead still writes to a table, which refuses it.
func ExampleRun_Epoch() {
	invoices := jobs.Define[string, int, string]("invoice:<orderID>", jobs.FamilyOptions{
		Lease: 30 * time.Second,
		Keep:  24 * time.Hour,
	})

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	server.SetTime(now)
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	ctx := context.Background()
	tracker, _ := jobs.New(store, invoices, jobs.Options{})
	tracker.Create(ctx, "o-1")

	// A row, and what this statement does to it:
	//
	//	UPDATE invoices SET total = $2, epoch = $3 WHERE order_id = $1 AND epoch <= $3
	var row struct{ total, epoch int64 }
	update := func(total, epoch int64) error {
		if row.epoch > epoch {
			return errors.New("0 rows affected: another attempt has written")
		}
		row.total, row.epoch = total, epoch
		return nil
	}

	asleep, sleep := context.WithCancel(ctx)
	defer sleep()
	first, err := tracker.Start(asleep, "o-1")
	if err != nil {
		fmt.Println(err)
		return
	}
	sleep() // a long pause, in which no heartbeat is sent
	server.SetTime(now.Add(time.Minute))
	second, err := tracker.Start(ctx, "o-1")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(second.Attempt(), second.Epoch() > first.Epoch())
	fmt.Println(update(200, second.Epoch()))
	fmt.Println(update(100, first.Epoch())) // it has woken up
	fmt.Println(row.total, second.Succeed(ctx, "sent"))
	// Output:
	// 2 true
	// <nil>
	// 0 rows affected: another attempt has written
	// 200 <nil>
}
