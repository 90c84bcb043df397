package cases.fallible

decision if to_number(input.request.query.limit[0]) < 100
