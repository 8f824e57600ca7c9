"""What `docker compose up` needs beside the programs: passwords, certificates, accounts, the hour of the backup."""
