import { migrateDatabase, sayMigrated } from "./embedded/migrate-database.ts";

// The `migrate` job of docker-compose.yml: like `main.ts migrate`, without the launcher and its libraries in the image.

const url = process.env["DATABASE_URL"];
if (url === undefined || url === "") {
  console.error("DATABASE_URL is not set: a Postgres address with the right to create tables and functions");
  process.exit(1);
}
try {
  console.log(sayMigrated(await migrateDatabase(url)));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
