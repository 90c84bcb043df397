package cases.closed

decision := false
