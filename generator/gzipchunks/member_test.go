package gzipchunks

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/previewset/previewset/generator/jsontext"
)

// randomText returns a text with many repetitions. Its length is near a limit of the compression.
func randomText(random *rand.Rand) string {
	length := []int{0, 1, 100, window - 1, window, window + 1, 3 * window}[random.IntN(7)]
	var b strings.Builder
	for b.Len() < length {
		_, _ = fmt.Fprintf(&b, "number %d of many, ", random.IntN(2000))
	}
	return b.String()[:length]
}

// randomTexts returns texts, and one that can't be compressed.
func randomTexts(random *rand.Rand) []string {
	var texts []string
	for range 12 {
		texts = append(texts, randomText(random))
	}
	noise := make([]byte, 100_000)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	return append(texts, string(noise), randomText(random))
}

// unzip returns the text of a member. It checks the member's checksum and length.
func unzip(m *Member) (string, error) {
	content, err := m.Bytes()
	if err != nil {
		return "", err
	}
	zip, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(zip)
	return string(text), err
}

func TestMemberHasTextOfItsChunks(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	text := func() string { return randomText(random) }
	texts := randomTexts(random)
	known := Cache{}
	for round := range 60 {
		isNew := 0
		switch {
		case round == 0:
			isNew = len(texts)
		case round%3 == 1: // two texts change, and with them the chunks behind
			texts[random.IntN(len(texts))], texts[random.IntN(len(texts))], isNew = text(), text(), 4
		case round%3 == 2: // one text is added
			texts, isNew = slices.Insert(texts, random.IntN(len(texts)), text()), 2
		}
		unlike := "" // replaces the first text, without a key
		if random.IntN(2) > 0 {
			unlike = strings.Repeat(text()+"x", 3)
		}
		m := New(7, []Cache{known}, Cache{})
		for i, text := range texts {
			key := "key " + text
			if i == 0 && unlike != "" {
				key, text = "", unlike
			}
			m.Add(key, func(w *jsontext.Writer) { w.Text(text) })
		}
		want := strings.Join(texts, "")
		if unlike != "" {
			want = unlike + strings.Join(texts[1:], "")
		}
		if got, err := unzip(m); err != nil || got != want {
			t.Fatalf("round %d: %d bytes, want %d: %v", round, len(got), len(want), err)
		}
		for key := range m.keep {
			if _, ok := known[key]; ok {
				continue
			}
			if isNew--; isNew < -2 { // the first text may have changed too, and with it the chunk behind
				t.Errorf("round %d: too many chunks are new", round)
			}
		}
		known = m.keep
	}
}

func TestInvalidChunkFailsMember(t *testing.T) {
	t.Parallel()
	m := New(7, nil, Cache{})
	m.AddText("before")
	m.Add("broken", func(w *jsontext.Writer) { w.JSON(func() {}) })
	m.AddText("after")
	if _, err := m.Bytes(); err == nil || !strings.Contains(err.Error(), "unsupported type") {
		t.Errorf("%v", err)
	}
	if _, kept := m.keep["broken"]; kept {
		t.Error("the failed chunk is kept")
	}
}

// BenchmarkOneChange compares building the whole member again with building only the changed chunk: 10,000 entries of
// 2.5 KB, one of which changes. It is the reason why this package exists.
func BenchmarkOneChange(b *testing.B) {
	const entries, perChunk = 10_000, 32
	random := rand.New(rand.NewPCG(1, 2))
	texts := make([]string, entries)
	for i := range texts {
		texts[i] = strings.Repeat(fmt.Sprintf(`{"name":"shop-pr-%d","sha":"%x"},`, i, random.Uint64()), 50)
	}
	for _, name := range []string{"whole", "chunks"} {
		b.Run(name, func(b *testing.B) {
			var known []Cache
			n := 0
			for b.Loop() {
				n++
				texts[n%entries] = strings.Repeat(fmt.Sprintf(`{"name":"shop-pr-%d","sha":"%x"},`, n, random.Uint64()), 50)
				m := New(7, known, Cache{})
				for group := range slices.Chunk(texts, perChunk) {
					text := strings.Join(group, "")
					m.Add(text, func(w *jsontext.Writer) { w.Text(text) })
				}
				if _, err := m.Bytes(); err != nil {
					b.Fatal(err)
				}
				if name == "chunks" {
					known = []Cache{m.keep}
				}
			}
		})
	}
}
