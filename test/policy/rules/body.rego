package cases.body

decision := {"allow": total <= 100, "reason": sprintf("total %d", [total])} if {
	not input.request.body.tooLarge
	prices := [price | some line in input.request.body.json.lines; price := line.price * line.count]
	total := sum(prices)
}
