package state

// ShareAll has all calls of s share round trips, however few they are.
func ShareAll(s *Store) { s.exec.SetDirect(0) }
