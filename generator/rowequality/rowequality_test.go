package rowequality_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/previewset/previewset/generator/rowequality"
	"github.com/previewset/previewset/internal/preview"
)

// A field that the comparison forgets would leave the old answer and the old saved state in use.
func TestEveryFieldOfSavedEnvironmentIsCompared(t *testing.T) {
	t.Parallel()
	var before preview.Remembered
	fillEveryField(reflect.ValueOf(&before).Elem())
	if after := before; !rowequality.SameRemembered(&before, &after) {
		t.Error("a copy counts as changed")
	}
	after, fields := before, 0
	var zeroInTurn func(path string, v reflect.Value)
	zeroInTurn = func(path string, v reflect.Value) {
		if v.Kind() == reflect.Struct {
			for i := range v.NumField() {
				zeroInTurn(path+"."+v.Type().Field(i).Name, v.Field(i))
			}
			return
		}
		fields++
		value := reflect.ValueOf(v.Interface())
		v.SetZero()
		if rowequality.SameRemembered(&before, &after) {
			t.Errorf("%s changed, but the environment counts as unchanged", path)
		}
		v.Set(value)
	}
	zeroInTurn("", reflect.ValueOf(&after).Elem())
	if fields < 35 {
		t.Errorf("only %d fields were tried", fields)
	}
}

// fillEveryField sets every field to a value other than zero.
func fillEveryField(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for _, field := range v.Fields() {
			fillEveryField(field)
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
