# What a tenant may reach, and which scopes a token needs for it. Everything else is denied.
#
# `data.access.routes` has an entry for each route, by its name; `*` stands for those that have none:
#   tenants        names of tenants that may call; without it, every one
#   tenantSegment  position of the path's segment that has to be the caller's tenant, from 0
#   scopes         by method, `*` for the others: every scope that a token has to hold
#   anonymous      true where nobody has to be known
package stoa.authz

default decision := {"allow": false, "reason": "no rule for this route"}

decision := {"allow": true} if count(objections) == 0

decision := {"allow": false, "status": 403, "reason": concat("; ", sort(objections))} if {
	count(objections) > 0
}

entry := data.access.routes[input.route.name]

entry := data.access.routes["*"] if not data.access.routes[input.route.name]

# Undefined where the route has no entry, so that the default stands.
objections := {objection |
	some group in [malformed, unknown, excluded, elsewhere, unscoped]
	some objection in group
} if {
	is_object(entry)
}

# An entry that says something else than it looks like lets nobody in.
default malformed := []

malformed := ["the entry of this route is malformed"] if not well_formed

well_formed if {
	is_array(object.get(entry, "tenants", []))
	is_number(object.get(entry, "tenantSegment", 0))
	is_array(needed)
}

default unknown := []

unknown := ["nobody is known"] if {
	not entry.anonymous == true
	not known
}

known if input.consumer.name

known if input.claims.sub

default excluded := []

excluded := ["the tenant may not call this route"] if {
	is_array(entry.tenants)
	not input.tenant in entry.tenants
}

default elsewhere := []

elsewhere := ["the path belongs to another tenant"] if {
	is_number(entry.tenantSegment)
	not own_path
}

own_path if {
	is_string(input.tenant)
	input.request.segments[entry.tenantSegment] == input.tenant
}

unscoped := sort([text |
	some scope in needed
	not scope in held
	text := sprintf("scope %s is missing", [scope])
])

default needed := []

needed := entry.scopes[input.request.method]

needed := entry.scopes["*"] if {
	entry.scopes
	not entry.scopes[input.request.method]
}

# `scope` is a text with spaces (RFC 8693 §4.2); `scp` is what some providers have in its place.
held contains scope if some scope in split(input.claims.scope, " ")

held contains scope if {
	is_array(input.claims.scp)
	some scope in input.claims.scp
}

held contains scope if {
	is_string(input.claims.scp)
	some scope in split(input.claims.scp, " ")
}
