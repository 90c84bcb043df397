package cases.open

decision := true
