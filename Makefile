# Reperform: two commands matter, `make run` and `make test`.
# Everything generated is committed, so Go, g++ and make are enough.

export GOFLAGS := -mod=readonly
export CGO_ENABLED := 1

BIN := bin/reperform

.PHONY: all build run test check bench fmt vet staticcheck generated notices clean deps

all: build

build:
	@mkdir -p bin
	go build -trimpath -o $(BIN) ./cmd/reperform

# run builds the example, a payroll processor with its examination and report,
# and serves it in the browser until it is interrupted.
run: build
	@$(BIN) demo
	@$(BIN) --workspace reperform-demo/workspace serve

# deps installs what only the tests need (poppler to read PDFs, strace to see the
# syncs, node to hold the reports to PDF/UA, chromium to look at pages).
deps:
	@./tools/deps.sh

# The longest packages begin first, and one more runs than there are cores: who waits
# for a browser needs none.
test: deps
	go test -p $$(($$(nproc) + 1)) -timeout 20m ./web ./cmd/reperform ./...

fmt:
	@out=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$out" ]; then echo "gofmt finds unformatted files:"; echo "$$out"; exit 1; fi

vet:
	go vet ./...
	cd tools && go vet ./...

staticcheck:
	@mkdir -p bin
	cd tools && go build -o ../bin/staticcheck honnef.co/go/tools/cmd/staticcheck
	bin/staticcheck ./...

generated:
	@./tools/generated.sh

# notices writes THIRD_PARTY.md anew after a dependency changed.
notices:
	cd tools && go run ./notices -root ..

# check is everything: the quick checks first.
check: fmt vet staticcheck generated test

bench:
	@./tools/bench.sh

clean:
	rm -rf bin
