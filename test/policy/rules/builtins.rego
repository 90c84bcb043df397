package cases.builtins

decision := {"allow": true, "reason": reason} if {
	regex.match(`^/orders/[0-9]+$`, input.request.path)
	glob.match("/orders/*", ["/"], input.request.path)
	startswith(upper(input.request.method), "G")
	since := time.parse_rfc3339_ns("2026-01-02T03:04:05Z")
	reason := sprintf("%s %d %v", [lower("ABC"), count(input.request.segments), time.date(since)])
}
