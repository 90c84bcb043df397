package hostile

decision if input.request.path == "/good"

# Longer than anybody would wait.
decision if {
	input.request.path == "/endless"
	series := numbers.range(1, 3000)
	count([1 | some a in series; some b in series; some c in series; (a + b) + c == -1]) == 0
}

# 64 texts of a megabyte.
decision if {
	input.request.path == "/greedy"
	kib := concat("", [x | some _ in numbers.range(1, 1024); x := "x"])
	mib := concat("", [kib | some _ in numbers.range(1, 1024)])
	count([text | some n in numbers.range(1, 64); text := sprintf("%d%s", [n, mib])]) > 0
}

# More than a decision may be.
decision := {"allow": true, "reason": text} if {
	input.request.path == "/verbose"
	text := concat("", [x | some _ in numbers.range(1, 100000); x := "x"])
}

# Too much only with what the gateway does for it: its own instructions are fewer than an evaluation may have.
decision if {
	input.request.path == "/calls"
	count([1 | some n in numbers.range(1, 88); time.weekday(n) != ""]) > 0
}
