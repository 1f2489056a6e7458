package exec

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
)

// scanCount is about how many keys the server looks at for one reply.
const scanCount = 512

// ErrIncomplete says that the servers changed during a scan, so that it may have
// missed keys.
var ErrIncomplete = errors.New("the servers changed during the scan")

// Scan calls page with the keys that match, from all masters, until it returns
// false. A key may come more than once. It sends SCAN to one master after the
// other, and asks before and after who they are: a cursor means nothing to another
// server, and a key that moves from a node that is still to come to one that was
// already asked is never seen.
func (c *Client) Scan(ctx context.Context, match string, page func(keys []string) bool) error {
	before, err := c.servers(ctx)
	if err != nil {
		return err
	}
	for _, s := range before {
		more, err := s.scan(ctx, match, page)
		if err == nil && !more {
			return nil
		}
		if err != nil {
			if after, again := c.servers(ctx); again == nil && !sameServers(before, after) {
				return ErrIncomplete
			}
			return err
		}
	}
	after, err := c.servers(ctx)
	if err == nil && !sameServers(before, after) {
		err = ErrIncomplete
	}
	return err
}

// server is one master and what tells it from another, and from itself at
// another time.
type server struct {
	client   *Client
	identity string
}

func sameServers(a, b []server) bool {
	return slices.EqualFunc(a, b, func(a, b server) bool { return a.identity == b.identity })
}

// scan calls page with the keys of one server, and returns false if page did.
func (s *server) scan(ctx context.Context, match string, page func(keys []string) bool) (more bool, err error) {
	for cursor := "0"; ; {
		list, err := s.client.Do(ctx, Read("scan", cursor, "MATCH", match, "COUNT", scanCount)).List()
		if err != nil {
			return false, err
		}
		var keys []string
		if cursor, keys, err = scanned(list); err != nil {
			return false, err
		}
		if len(keys) > 0 && !page(keys) {
			return false, nil
		}
		if cursor == "0" {
			return true, nil
		}
	}
}

// scanned returns the cursor and the keys of a reply to SCAN.
func scanned(list []any) (cursor string, keys []string, err error) {
	if len(list) != 2 {
		return "", nil, unexpected(list)
	}
	next, err := Bytes(list[0])
	if err != nil {
		return "", nil, err
	}
	all, ok := list[1].([]any)
	if !ok {
		return "", nil, unexpected(list[1])
	}
	keys = make([]string, len(all))
	for i, v := range all {
		key, err := Bytes(v)
		if err != nil {
			return "", nil, err
		}
		keys[i] = string(key)
	}
	return string(next), keys, nil
}

// ErrUnknownClient says that the client wraps one of go-redis, behind which there
// may be one server or many.
var ErrUnknownClient = errors.New("the client is neither a *redis.Client nor a *redis.ClusterClient")

// servers returns the masters, in an order that depends on them alone.
func (c *Client) servers(ctx context.Context) ([]server, error) {
	if !c.known {
		return nil, ErrUnknownClient
	}
	all := []server{{client: c}}
	if c.topology != nil {
		masters, err := c.topology.masters(ctx)
		if err != nil {
			return nil, err
		}
		all = all[:0]
		for _, master := range masters {
			all = append(all, server{client: &Client{redis: master, known: true, timely: c.timely, readTimeout: c.readTimeout}})
		}
	}
	for i := range all {
		if err := all[i].identify(ctx, c.topology != nil); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all, func(a, b server) int { return cmp.Compare(a.identity, b.identity) })
	return all, nil
}

// identify asks the server who it is: its run, since one that has restarted hashes
// anew and understands no cursor of before, and as a node of a Cluster its id, its
// epoch, and its slots with those that are moving.
func (s *server) identify(ctx context.Context, clustered bool) error {
	info, err := s.client.Do(ctx, Read("info", "server")).Bytes()
	switch {
	case err != nil && isReply(err) && strings.Contains(err.Error(), "section (server) is not supported"):
		return nil // the embedded server, which is always the same
	case err != nil:
		return err
	}
	for line := range strings.Lines(string(info)) {
		if strings.HasPrefix(line, "run_id:") {
			s.identity = line
		}
	}
	if s.identity == "" {
		return ErrIncomplete
	}
	if !clustered {
		return nil
	}
	nodes, err := s.client.Do(ctx, Read("cluster", "NODES")).Bytes()
	if err != nil && isReply(err) && strings.Contains(err.Error(), "cluster support disabled") {
		return nil // a master behind Sentinel, whose replicas go-redis reads from
	}
	for line := range strings.Lines(string(nodes)) {
		if fields := strings.Fields(line); len(fields) > 7 && strings.Contains(fields[2], "myself") {
			s.identity += strings.Join(append([]string{fields[0], fields[2], fields[6]}, fields[8:]...), " ")
		}
	}
	return err
}
