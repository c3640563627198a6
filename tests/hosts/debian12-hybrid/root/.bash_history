#1795370000
service postgresql restart
#1795370100
curl -u admin:hunter22 https://example.org/x
