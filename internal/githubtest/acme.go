package githubtest

// Acme returns a GitHub with the organisation acme of the demo: the repository acme/gateway and the monorepo
// acme/shop. Their pull requests cover the cases that a preview service must distinguish.
func Acme() *Server {
	s := New()
	gateway, shop := s.AddRepository("acme/gateway"), s.AddRepository("acme/shop")
	gateway.Open(PullRequest{
		Title: "Retry calls to orders", Author: "alice", HeadRef: "retry-orders", Labels: []string{"preview"},
		Files: []File{{Name: "internal/orders/client.go"}, {Name: "go.mod"}},
	})
	gateway.Open(PullRequest{
		Title: "Try another router", Author: "alice", HeadRef: "router", Draft: true, Labels: []string{"preview"},
		Files: []File{{Name: "internal/router.go"}},
	})
	shop.Open(PullRequest{
		Title: "SHOP-42 Show the stock", Author: "bob", HeadRef: "bob/SHOP-42-stock", Labels: []string{"preview", "backend"},
		Files: []File{{Name: "products/stock.go"}, {Name: "products/stock_test.go", Status: "added"}},
	})
	shop.Open(PullRequest{
		Title: "Explain how to run the shop", Author: "carol", HeadRef: "readme", Labels: []string{"preview"},
		Files: []File{{Name: "README.md"}},
	})
	shop.Open(PullRequest{
		Title: "Discount codes", Author: "carol", HeadRef: "discounts", Labels: []string{"Preview:full"},
		Files: []File{{Name: "lib/price/price.go"}, {Name: "orders/discount.go", Status: "added"}},
	})
	shop.Open(PullRequest{
		Title: "Faster \x1b[31mcheckout\x1b[0m {{ .SHA }} $(reboot)", Author: "mallory", HeadRef: "main",
		Labels:         []string{"preview"},
		HeadRepository: shop.Fork("mallory").ID, Files: []File{{Name: "orders/checkout.go"}},
	})
	shop.Open(PullRequest{
		Title: "Larger pictures", Author: "dave", HeadRef: "pictures", Labels: []string{"preview:huge"},
		Files: []File{{Name: "web/index.html"}},
	})
	shop.Open(PullRequest{
		Title: "Dark mode", Author: "dave", HeadRef: "dark-mode",
		Files: []File{{Name: "web/style.css"}},
	})
	return s
}
