# lostpost: what a fresh machine with Go, git and make can do.
#   make try    build, import the sample exports, search, show
#   make test   everything that must hold, in under 15 minutes on 2 cores
# Targets below "make test" are explained in CONTRIBUTING.md.

GO       ?= go
FUZZTIME ?= 4s
export CGO_ENABLED = 0

.PHONY: build try test check deps fuzz crash interop score bench bench-peers bench-fetch race cover clean

build:
	$(GO) build -trimpath -o lostpost ./cmd/lostpost

try: build
	@sh scripts/try.sh

test: deps check
	$(GO) test -timeout 14m ./...
	$(GO) test -timeout 5m -tags crashpoints -run Crash ./cmd/lostpost -kills 40
	@FUZZTIME=$(FUZZTIME) sh scripts/fuzz.sh

# Peers and servers that tests talk to. Where they cannot be installed those
# tests skip and say so.
deps:
	@sh scripts/deps.sh

check:
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "gofmt would change:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) vet ./...
	GOOS=windows $(GO) vet ./archive/... ./decode/... ./fetch/... ./index/... ./internal/...
	GOOS=darwin $(GO) vet ./cmd/... ./archive/... ./internal/...
	$(GO) tool staticcheck ./...
	$(GO) test -count=1 .

fuzz:
	@FUZZTIME=$${FUZZTIME:-2m} sh scripts/fuzz.sh

crash:
	$(GO) test -count=1 -run Crash ./archive/...
	$(GO) test -count=1 -timeout 60m -tags crashpoints -run Crash ./cmd/lostpost -kills 200 -v

interop:
	$(GO) test -count=1 -run 'Dovecot|Notmuch|Mblaze|TestScripts/(export|search_notmuch)' -v ./archive ./fetch/imap ./fetch/pop3 ./cmd/lostpost

score: build
	@python3 scripts/score.py

bench: build
	@python3 scripts/bench.py

bench-peers: build
	@python3 scripts/bench.py --peers
	@python3 scripts/bench_index.py --hard
	$(GO) test -run '^$$' -bench Commit -benchtime 1x ./archive

bench-fetch: build
	@python3 scripts/bench_fetch.py

bench-index: build
	@python3 scripts/bench_index.py

race:
	CGO_ENABLED=1 $(GO) test -race ./...

cover:
	@$(GO) test -cover ./... | sort -t: -k2 -n

clean:
	rm -rf lostpost try
