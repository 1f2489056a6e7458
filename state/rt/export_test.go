package rt

// Failed tells whether the decoder has failed so far.
func (d *JSONDecoder) Failed() bool { return d.failed }

// Failed tells whether the encoder has failed so far.
func (e *JSONEncoder) Failed() bool { return e.failed }
