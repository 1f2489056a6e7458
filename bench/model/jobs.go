package model

// Import is a job that reads a file.
//
//state:job import:<jobID> keep=30m
type Import struct {
	Progress Progress
	Result   Report
}

// Progress is how far it has come.
type Progress struct {
	Rows  int    `json:"rows"`
	Total int    `json:"total"`
	Phase string `json:"phase"`
}

// Report is what comes of it.
type Report struct {
	Rows    int    `json:"rows"`
	Skipped int    `json:"skipped"`
	File    string `json:"file"`
}
