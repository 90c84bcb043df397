package cases.obligations

decision := {"allow": true, "obligations": {"redact": {"fields": fields}}} if {
	fields := sort([name | some name, _ in input.request.body.json])
}
