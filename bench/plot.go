package main

func (b *bench) plot() error { return nil }
