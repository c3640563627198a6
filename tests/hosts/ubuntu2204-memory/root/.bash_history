systemctl restart shop
vi /etc/shop.env
SECRET_KEY=9d8f7a6b5c4d3e2f1a0b python3 manage.py check
