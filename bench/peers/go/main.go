// Started by insert-program.mjs: a line of JSON says what to insert where and how, each further line asks for a round.

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"runtime/debug"
	"syscall"
	"time"
)

type task struct {
	Way       string          `json:"way"`
	TCPPort   int             `json:"tcpPort"`
	Table     string          `json:"table"`
	Shape     string          `json:"shape"`
	Rows      json.RawMessage `json:"rows"`
	RowCount  int             `json:"rowCount"`
	BlockRows int             `json:"blockRows"`
}

func (t task) address() string {
	return fmt.Sprintf("127.0.0.1:%d", t.TCPPort)
}

func main() {
	stdin := bufio.NewReader(os.Stdin)
	line, err := stdin.ReadBytes('\n')
	check(err)
	var told task
	check(json.Unmarshal(line, &told))
	insert := prepare(told)
	line, told.Rows = nil, nil
	debug.FreeOSMemory() // what it took to read the rows is no part of the peak
	fmt.Println("ready")

	for {
		if _, err := stdin.ReadString('\n'); err != nil {
			return
		}
		cpu, start := processorTime(), time.Now()
		check(insert())
		ms := milliseconds(time.Since(start))
		check(json.NewEncoder(os.Stdout).Encode(map[string]float64{
			"ms": ms, "cpuMs": milliseconds(processorTime() - cpu),
		}))
	}
}

func prepare(told task) func() error {
	switch told.Shape {
	case "clickstream":
		return inserter(told, clickstream)
	case "log":
		return inserter(told, logs)
	case "metrics":
		return inserter(told, metrics)
	}
	log.Fatalf("no such shape: %s", told.Shape)
	return nil
}

func inserter[R any](told task, shape shape[R]) func() error {
	rows := readRows[R](told)
	switch told.Way {
	case "append":
		return batches(told, rows, shape, shape.appendTo)
	case "append, stream":
		return batchStream(told, rows, shape, shape.appendTo)
	case "struct":
		return batches(told, rows, shape, appendStruct[R])
	case "columns":
		return columnStream(told, rows, shape)
	}
	log.Fatalf("no such way: %s", told.Way)
	return nil
}

// readRows gives as many rows as are wanted; after the distinct ones they are the same again.
func readRows[R any](told task) []*R {
	var distinct []*R
	check(json.Unmarshal(told.Rows, &distinct))
	rows := make([]*R, told.RowCount)
	for i := range rows {
		rows[i] = distinct[i%len(distinct)]
	}
	return rows
}

func processorTime() time.Duration {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func milliseconds(d time.Duration) float64 {
	return float64(d.Nanoseconds()) / 1e6
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
