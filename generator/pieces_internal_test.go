package generator

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/preview"
)

func TestAMemberIsTheTextOfItsPieces(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	texts := []string{"", "a", strings.Repeat("the same again and again ", 10_000)}
	noise := make([]byte, 100_000)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	texts = append(texts, string(noise), "a", "the end")
	known := pieces{}
	for round := range 3 { // first all are new, then all are known, then none but the last one
		m := &member{known: []pieces{known}, keep: pieces{}}
		var want strings.Builder
		written := 0
		for i, text := range texts {
			if round == 2 && i < len(texts)-1 {
				text += "!"
			}
			want.WriteString(text)
			m.add("key "+text, func(w *stickyWriter) { w.text(text); written++ })
		}
		got, err := m.bytes()
		if err != nil {
			t.Fatal(err)
		}
		known = m.keep
		zip, err := gzip.NewReader(bytes.NewReader(got))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(zip) // checks the sum and the length
		if err != nil || string(text) != want.String() {
			t.Errorf("round %d: %d bytes, want %d: %v", round, len(text), want.Len(), err)
		}
		if most := []int{len(texts), 0, len(texts) - 1}[round]; written > most {
			t.Errorf("round %d: %d pieces were written, %d at most need be", round, written, most)
		}
	}
}

func TestAPieceThatCantBeWrittenSpoilsItsMember(t *testing.T) {
	t.Parallel()
	m := &member{keep: pieces{}}
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
