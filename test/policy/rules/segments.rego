package cases.segments

decision := {"allow": allow, "reason": reason} if {
	["tenants", tenant, _] = input.request.segments
	allow := tenant == input.tenant
	reason := {true: "own", false: "foreign"}[allow]
}
