package cases.scopes

held := {scope | some scope in split(input.claims.scope, " ")}

wanted := {"orders:read", "orders:list"}

default decision := {"allow": false, "status": 403, "reason": "scope"}

decision := {"allow": true, "reason": concat(" ", sort(held & wanted))} if {
	every scope in wanted {
		scope in held
	}
}
