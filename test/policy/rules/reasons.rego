package cases.reasons

decision := {"allow": true} if input.consumer.name == "ann"

decision := {"allow": false, "status": 402, "reason": sprintf("%s has plan %s", [input.tenant, plan])} if {
	input.consumer.name != "ann"
	plan := data.tenants[input.tenant].plan
}
