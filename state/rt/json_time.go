package rt

import "time"

// Time reads a time as its UnmarshalJSON does.
func (d *JSONDecoder) Time(v *time.Time) {
	if d.peek() != '"' {
		d.null()
		return
	}
	start := d.at
	part := d.text()
	if d.failed {
		return
	}
	// UnmarshalJSON takes no escapes.
	plain := d.at == start+len(part)+2
	if t, ok := parseTime(part); ok && plain {
		*v = t
	} else if v.UnmarshalJSON(d.data[start:d.at]) != nil {
		d.fail()
	}
}

const (
	dateTime   = "2006-01-02T15:04:05"
	secondsDay = 24 * 60 * 60
)

// parseTime takes the times in UTC.
func parseTime(b []byte) (t time.Time, ok bool) {
	if len(b) < len(dateTime)+1 || b[len(b)-1] != 'Z' ||
		b[4] != '-' || b[7] != '-' || b[10] != 'T' || b[13] != ':' || b[16] != ':' {
		return t, false
	}
	var bad uint
	century, decade := two(b[0], b[1], &bad), two(b[2], b[3], &bad)
	month, day := two(b[5], b[6], &bad), two(b[8], b[9], &bad)
	hour, minute, second := two(b[11], b[12], &bad), two(b[14], b[15], &bad), two(b[17], b[18], &bad)
	if bad > 9 || hour > 23 || minute > 59 || second > 59 || month-1 > 11 {
		return t, false
	}
	year := century*100 + decade
	if day == 0 || day > daysIn(year, month) {
		return t, false
	}
	nanos := 0
	if fraction := b[len(dateTime) : len(b)-1]; len(fraction) > 0 {
		if fraction[0] != '.' || len(fraction) < 2 || len(fraction) > 10 {
			return t, false
		}
		for i := 1; i < 10; i++ {
			nanos *= 10
			if i < len(fraction) {
				c := uint(fraction[i] - '0')
				bad = max(bad, c)
				nanos += int(c)
			}
		}
		if bad > 9 {
			return t, false
		}
	}
	seconds := int64(daysSince1970(year, month, day))*secondsDay + int64(hour*3600+minute*60+second)
	return time.Unix(seconds, int64(nanos)).UTC(), true
}

// two returns the number of two digits, and in bad the largest of them that is none.
func two(a, b byte, bad *uint) uint {
	tens, units := uint(a-'0'), uint(b-'0')
	*bad = max(*bad, tens, units)
	return tens*10 + units
}

func isLeap(year uint) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func daysIn(year, month uint) uint {
	if month == 2 && isLeap(year) {
		return 29
	}
	return uint("\x1f\x1c\x1f\x1e\x1f\x1e\x1f\x1f\x1e\x1f\x1e\x1f"[month-1])
}

// daysSince1970 counts in years that begin in March, so that a leap day is the last.
func daysSince1970(year, month, day uint) int {
	y := int(year)
	if month < 3 {
		y--
	}
	// The days before each month, from March.
	inYear := (153*((int(month)+9)%12)+2)/5 + int(day) - 1
	// The year before the year 0 is leap as well, hence a cycle more.
	const cycle, epoch = 146097, 719468
	y += 400
	return y*365 + y/4 - y/100 + y/400 + inYear - cycle - epoch
}

// The seconds since 1970 of the years that RFC 3339 has.
const (
	firstSecond = -719528 * secondsDay
	endSecond   = 2932897 * secondsDay
)

// Time writes a time as its MarshalJSON does.
func (e *JSONEncoder) Time(v time.Time) {
	_, offset := v.Zone()
	seconds := v.Unix()
	// Bounds first, since the sum may overflow.
	if seconds >= firstSecond-secondsDay && seconds < endSecond+secondsDay {
		seconds += int64(offset)
	}
	if offset%60 != 0 || offset <= -secondsDay || offset >= secondsDay || seconds < firstSecond || seconds >= endSecond {
		e.failed = true
		return
	}
	since := uint64(seconds - firstSecond)
	days, second := since/secondsDay, int(since%secondsDay)
	year, month, day := civil(uint(days))
	start := len(e.buf) + 1
	e.buf = append(e.buf, `"0000-00-00T00:00:00`...)
	at := e.buf[start:][:len(dateTime)]
	put2(at, 0, year/100)
	put2(at, 2, year%100)
	put2(at, 5, month)
	put2(at, 8, day)
	put2(at, 11, second/3600)
	put2(at, 14, second/60%60)
	put2(at, 17, second%60)
	if nanos := v.Nanosecond(); nanos != 0 {
		e.buf = appendNanos(e.buf, nanos)
	}
	if offset == 0 {
		e.buf = append(e.buf, `Z"`...)
		return
	}
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	e.buf = append(e.buf, sign, '0', '0', ':', '0', '0', '"')
	at = e.buf[len(e.buf)-len(`00:00"`):]
	put2(at, 0, offset/3600)
	put2(at, 3, offset/60%60)
}

// civil returns the date of the day that is so many days after 1 January of the year 0.
func civil(days uint) (year, month, day int) {
	// Counted from 1 March of the year -400, a leap day is the last of its year, of
	// its four years and of its cycle.
	days += 146097 - 60
	cycle := days / 146097
	days %= 146097
	y := (days - days/1460 + days/36524 - days/146096) / 365
	days -= 365*y + y/4 - y/100
	m := (5*days + 2) / 153
	day = int(days-(153*m+2)/5) + 1
	year = int(400*cycle+y) - 400
	if month = int(m) + 3; month > 12 {
		month -= 12
		year++
	}
	return year, month, day
}

func put2(b []byte, at, n int) {
	b[at] = byte('0' + n/10)
	b[at+1] = byte('0' + n%10)
}

// appendNanos appends a fraction of a second without the zeros at its end.
func appendNanos(b []byte, nanos int) []byte {
	digits := 9
	for nanos%10 == 0 {
		nanos /= 10
		digits--
	}
	b = append(b, ".000000000"[:1+digits]...)
	for i := len(b) - 1; nanos > 0; i-- {
		b[i] = byte('0' + nanos%10)
		nanos /= 10
	}
	return b
}
