package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// demo calls the API until everybody has met a limit but those whom none concerns.
func demo(ctx context.Context, address string, out io.Writer) error {
	for _, step := range []struct {
		title, key string
		calls      int
	}{
		{"Alice calls until her own limit denies it", "key-of-alice", 4},
		{"Bob is denied by what his tenant has left, and gets his own token back", "key-of-bob", 4},
		{"Carol is of another tenant", "key-of-carol", 1},
		{"A stranger is not counted", "a guess", 1},
	} {
		fmt.Fprintf(out, "\n%s\n", step.title)
		for range step.calls {
			if err := call(ctx, address+"/orders", step.key, out); err != nil {
				return err
			}
		}
	}
	return nil
}

// call calls the API once and prints what it answers.
func call(ctx context.Context, url, key string, out io.Writer) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+key)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "   %s\n", res.Status)
	for _, name := range []string{"RateLimit", "Retry-After"} {
		if v := res.Header.Get(name); v != "" {
			fmt.Fprintf(out, "      %s: %s\n", name, v)
		}
	}
	if res.StatusCode == http.StatusTooManyRequests {
		fmt.Fprintf(out, "      %s\n", body)
	}
	return nil
}
