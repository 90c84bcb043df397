package stoa.authz_test

import data.stoa.authz

access := {"routes": {
	"orders": {
		"tenants": ["acme", "zeta"],
		"scopes": {"GET": ["orders:read"], "*": ["orders:read", "orders:write"]},
	},
	"files": {"tenantSegment": 1},
	"status": {"anonymous": true},
}}

ann := {
	"route": {"name": "orders"},
	"request": {"method": "GET", "segments": ["orders", "7"]},
	"consumer": {"name": "ann"},
	"tenant": "acme",
	"claims": {"scope": "orders:read profile"},
}

decision_on(changes) := result if {
	result := authz.decision with input as object.union(ann, changes) with data.access as access
}

denied(changes, reason) if {
	decision := decision_on(changes)
	decision.allow == false
	decision.reason == reason
}

test_a_token_with_the_scope_is_allowed if decision_on({}).allow

test_a_missing_scope_is_named if denied({"claims": {"scope": "profile"}}, "scope orders:read is missing")

test_another_method_needs_more if {
	denied({"request": {"method": "DELETE", "segments": []}}, "scope orders:write is missing")
}

test_scopes_in_a_list_count if decision_on({"claims": {"scope": "", "scp": ["orders:read"]}}).allow

test_scopes_in_a_text_called_scp_count if decision_on({"claims": {"scope": "", "scp": "a orders:read"}}).allow

test_a_tenant_that_is_not_listed_is_denied if denied({"tenant": "mallory"}, "the tenant may not call this route")

test_no_tenant_is_not_listed if denied({"tenant": null}, "the tenant may not call this route")

test_the_own_path_is_allowed if {
	decision_on({"route": {"name": "files"}, "request": {"segments": ["files", "acme"]}}).allow
}

test_a_foreign_path_is_denied if {
	denied(
		{"route": {"name": "files"}, "request": {"segments": ["files", "zeta"]}},
		"the path belongs to another tenant",
	)
}

test_a_short_path_is_denied if {
	denied(
		{"route": {"name": "files"}, "request": {"segments": ["files"]}},
		"the path belongs to another tenant",
	)
}

test_a_null_tenant_owns_no_path if {
	denied(
		{"route": {"name": "files"}, "tenant": null, "request": {"segments": ["files", null]}},
		"the path belongs to another tenant",
	)
}

test_nobody_is_denied if denied({"route": {"name": "files"}, "consumer": null, "claims": null, "request": {"segments": ["files", "acme"]}}, "nobody is known")

test_a_token_alone_is_somebody if {
	decision_on({
		"route": {"name": "files"},
		"consumer": null,
		"claims": {"sub": "u1"},
		"request": {"segments": ["files", "acme"]},
	}).allow
}

test_anybody_may_call_an_anonymous_route if {
	decision_on({"route": {"name": "status"}, "consumer": null, "claims": null, "tenant": null}).allow
}

test_every_objection_is_told if {
	denied(
		{"tenant": "mallory", "claims": {"scope": ""}},
		"scope orders:read is missing; the tenant may not call this route",
	)
}

test_a_route_without_an_entry_is_denied if denied({"route": {"name": "other"}}, "no rule for this route")

test_the_star_stands_for_the_others if {
	decision := authz.decision with input as object.union(ann, {"route": {"name": "other"}})
		with data.access as {"routes": {"*": {}}}
	decision.allow
}

test_scopes_that_are_no_list_let_nobody_in if {
	decision := authz.decision with input as ann
		with data.access as {"routes": {"orders": {"scopes": {"GET": "orders:read"}}}}
	decision.reason == "the entry of this route is malformed"
}

test_tenants_that_are_no_list_let_nobody_in if {
	decision := authz.decision with input as ann
		with data.access as {"routes": {"orders": {"tenants": "acme"}}}
	not decision.allow
}

test_without_data_everything_is_denied if {
	decision := authz.decision with input as ann with data.access as {}
	not decision.allow
}
