docker ps
mysql -u root -phunter22 shop
df -h
