package generator

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/preview"
)

func TestAMemberIsTheTextOfItsPieces(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		length := []int{0, 1, 100, window - 1, window, window + 1, 3 * window}[random.IntN(7)]
		var b strings.Builder
		for b.Len() < length { // with much that stood anywhere before
			_, _ = fmt.Fprintf(&b, "number %d of many, ", random.IntN(2000))
		}
		return b.String()[:length]
	}
	var texts []string
	for range 12 {
		texts = append(texts, text())
	}
	noise := make([]byte, 100_000)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	texts = append(texts, string(noise), text())
	known := pieces{}
	for round := range 60 {
		isNew := 0
		switch {
		case round == 0:
			isNew = len(texts)
		case round%3 == 1: // two are others, and so are those behind
			texts[random.IntN(len(texts))], texts[random.IntN(len(texts))], isNew = text(), text(), 4
		case round%3 == 2: // one comes
			texts, isNew = slices.Insert(texts, random.IntN(len(texts)), text()), 2
		}
		unlike := "" // what stands instead of the first one, without a key
		if random.IntN(2) > 0 {
			unlike = strings.Repeat(text()+"x", 3)
		}
		m := newAnswer([]pieces{known}, pieces{})
		for i, text := range texts {
			key := "key " + text
			if i == 0 && unlike != "" {
				key, text = "", unlike
			}
			m.add(key, func(w *stickyWriter) { w.text(text) })
		}
		want := strings.Join(texts, "")
		if unlike != "" {
			want = unlike + strings.Join(texts[1:], "")
		}
		got, err := m.bytes()
		if err != nil {
			t.Fatal(err)
		}
		zip, err := gzip.NewReader(bytes.NewReader(got))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(zip) // checks the sum and the length
		if err != nil || string(text) != want {
			t.Fatalf("round %d: %d bytes, want %d: %v", round, len(text), len(want), err)
		}
		for key := range m.keep {
			if _, ok := known[key]; ok {
				continue
			}
			if isNew--; isNew < -2 { // what the first one is may have changed too, for itself and the one behind
				t.Errorf("round %d: more pieces are new than need be", round)
			}
		}
		known = m.keep
	}
}

func TestAPieceThatCantBeWrittenSpoilsItsMember(t *testing.T) {
	t.Parallel()
	m := newAnswer(nil, pieces{})
	m.text("before")
	m.add("broken", func(w *stickyWriter) { w.json(func() {}) })
	m.text("after")
	if _, err := m.bytes(); err == nil || !strings.Contains(err.Error(), "unsupported type") {
		t.Errorf("%v", err)
	}
	if _, kept := m.keep["broken"]; kept {
		t.Error("it is kept")
	}
}

// Whatever field of what is remembered changes, it is no more the same: the answer and memory would go on with the old one.
func TestWhateverChangesIsNotTheSame(t *testing.T) {
	t.Parallel()
	var e preview.Remembered
	fillAll(reflect.ValueOf(&e).Elem())
	if is := e; !sameRemembered(&e, &is) {
		t.Error("a copy isn't the same")
	}
	fields := 0
	var change func(path string, v reflect.Value, e *preview.Remembered)
	change = func(path string, v reflect.Value, is *preview.Remembered) {
		if v.Kind() == reflect.Struct {
			for i := range v.NumField() {
				change(path+"."+v.Type().Field(i).Name, v.Field(i), is)
			}
			return
		}
		fields++
		was := reflect.ValueOf(v.Interface())
		v.SetZero()
		if sameRemembered(&e, is) {
			t.Errorf("%s is another, and it counts as the same", path)
		}
		v.Set(was)
	}
	is := e
	change("", reflect.ValueOf(&is).Elem(), &is)
	if fields < 35 {
		t.Errorf("only %d fields were tried", fields)
	}
}

// fillAll gives every field a value that isn't zero.
func fillAll(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for _, field := range v.Fields() {
			fillAll(field)
		}
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
	default:
		panic(errors.New(fmt.Sprint("no value for ", v.Type())))
	}
}
