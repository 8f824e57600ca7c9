"""What makes a release; `./run release` begins it, .github/workflows/release.yml publishes it."""
