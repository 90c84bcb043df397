package cases.stray

decision := {"allow": true, "headrs": {}}
