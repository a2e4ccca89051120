package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
)

// disable returns the content of a file in which the marked code has no effect. A marker's change is one of:
//
//   - false, true: the condition on the line, or that part of it which is on the line, always has this value. The code
//     stays in it, so that no variable becomes unused.
//   - skip: the statement that begins on the line isn't executed.
//   - drop: the argument or list element on the line is removed.
//   - anything else is Go code that takes the place of the expression or the call; $ in it is the code it replaces.
func disable(file string, markers []marker) (string, error) {
	content, err := os.ReadFile(file) //nolint:gosec // G304: a file of the source
	if err != nil {
		return "", err
	}
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, file, content, parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	s := source{fset: fset, file: parsed, text: string(content)}
	edits := make([]edit, 0, len(markers))
	for _, m := range markers {
		e, err := s.edit(m)
		if err != nil {
			return "", err
		}
		edits = append(edits, e)
	}
	slices.SortFunc(edits, func(a, b edit) int { return cmp.Compare(b.from, a.from) }) // the last first
	text := s.text
	for _, e := range edits {
		text = text[:e.from] + e.text + text[e.to:]
	}
	return text, nil
}

// source is a parsed file.
type source struct {
	fset *token.FileSet
	file *ast.File
	text string
}

// span is a range of bytes of the file.
type span struct{ from, to int }

// edit is a new text for a span.
type edit struct {
	span
	text string
}

func (s source) edit(m marker) (edit, error) {
	switch m.change {
	case "skip":
		if found, ok := s.statement(m.line); ok {
			return edit{found, "if false { " + s.at(found) + " }"}, nil
		}
	case "drop":
		if found, ok := s.elements(m.line); ok {
			return edit{found, ""}, nil
		}
	case "false", "true":
		if found, ok := s.expression(m.line); ok {
			operator := map[string]string{"false": "&&", "true": "||"}[m.change]
			return edit{found, fmt.Sprintf("(%s %s (%s))", m.change, operator, s.at(found))}, nil
		}
	default:
		if found, ok := s.call(m.line); ok {
			return edit{found, strings.ReplaceAll(m.change, "$", s.at(found))}, nil
		}
		if found, ok := s.expression(m.line); ok {
			return edit{found, "(" + strings.ReplaceAll(m.change, "$", "("+s.at(found)+")") + ")"}, nil
		}
	}
	return edit{}, fmt.Errorf(
		"%s:%d: marker %s: no code on this line that %q can change", m.file, m.line, m.name, m.change,
	)
}

func (s source) at(r span) string { return s.text[r.from:r.to] }

func (s source) span(from, to token.Pos) span {
	return span{s.fset.Position(from).Offset, s.fset.Position(to).Offset}
}

func (s source) line(p token.Pos) int { return s.fset.Position(p).Line }

// isOn reports whether all of a node is on the line.
func (s source) isOn(line int, n ast.Node) bool {
	return s.line(n.Pos()) == line && s.line(n.End()) == line
}

// statement finds the outermost statement that begins on the line.
func (s source) statement(line int) (found span, ok bool) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		for _, statement := range statements(n) {
			if !ok && s.line(statement.Pos()) == line {
				found, ok = s.span(statement.Pos(), statement.End()), true
			}
		}
		return !ok
	})
	return found, ok
}

func statements(n ast.Node) []ast.Stmt {
	switch n := n.(type) {
	case *ast.BlockStmt:
		return n.List
	case *ast.CaseClause:
		return n.Body
	case *ast.CommClause:
		return n.Body
	}
	return nil
}

// call finds the call that is a statement of its own on the line.
func (s source) call(line int) (found span, ok bool) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		if statement, is := n.(*ast.ExprStmt); is && !ok && s.isOn(line, statement) {
			found, ok = s.span(statement.Pos(), statement.End()), true
		}
		return !ok
	})
	return found, ok
}

// elements finds the arguments or list elements on the line, with the comma behind them.
func (s source) elements(line int) (found span, ok bool) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		if ok {
			return false
		}
		var list []ast.Expr
		switch n := n.(type) {
		case *ast.CallExpr:
			list = n.Args
		case *ast.CompositeLit:
			list = n.Elts
		}
		if found, ok = s.run(line, list); ok {
			rest := s.text[found.to:]
			found.to += len(rest) - len(strings.TrimPrefix(strings.TrimLeft(rest, " \t"), ","))
		}
		return !ok
	})
	return found, ok
}

// run finds neighbours in a list that are on the line.
func (s source) run(line int, list []ast.Expr) (span, bool) {
	list = slices.DeleteFunc(slices.Clone(list), func(e ast.Expr) bool { return !s.isOn(line, e) })
	if len(list) == 0 {
		return span{}, false
	}
	return s.span(list[0].Pos(), list[len(list)-1].End()), true
}

// expression finds the value on the line: a condition, a result, an assigned value, or the range of a loop. If a
// condition takes several lines, only its operands of && or || on this line are found.
func (s source) expression(line int) (found span, ok bool) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		for _, value := range values(n) {
			if !ok {
				found, ok = s.part(line, value)
			}
		}
		return !ok
	})
	return found, ok
}

func values(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.IfStmt:
		return []ast.Expr{n.Cond}
	case *ast.ForStmt:
		return []ast.Expr{n.Cond}
	case *ast.RangeStmt:
		return []ast.Expr{n.X}
	case *ast.CaseClause:
		return n.List
	case *ast.ReturnStmt:
		return n.Results[max(0, len(n.Results)-1):] // of several, the last one says whether they count
	case *ast.AssignStmt:
		return n.Rhs
	case *ast.KeyValueExpr:
		return []ast.Expr{n.Value}
	}
	return nil
}

// part finds the operands of && or || that are on the line.
func (s source) part(line int, e ast.Expr) (span, bool) {
	if e == nil || s.line(e.Pos()) > line || s.line(e.End()) < line {
		return span{}, false
	}
	list := operands(e, token.ILLEGAL)
	if found, ok := s.run(line, list); ok || len(list) == 1 {
		return found, ok
	}
	for _, operand := range list {
		if p, ok := operand.(*ast.ParenExpr); ok {
			operand = p.X
		}
		if found, ok := s.part(line, operand); ok {
			return found, ok
		}
	}
	return span{}, false
}

// operands takes a chain of the same operator apart.
func operands(e ast.Expr, operator token.Token) []ast.Expr {
	b, ok := e.(*ast.BinaryExpr)
	if !ok || (b.Op != token.LAND && b.Op != token.LOR) || (operator != token.ILLEGAL && b.Op != operator) {
		return []ast.Expr{e}
	}
	return append(operands(b.X, b.Op), operands(b.Y, b.Op)...)
}
