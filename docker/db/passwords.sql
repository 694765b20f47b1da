-- Supabase's image makes these two roles without a password of ours. Run once, by the image, when the data folder is new.
\getenv password POSTGRES_PASSWORD
alter role authenticator with password :'password';
alter role supabase_auth_admin with password :'password';
