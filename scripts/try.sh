#!/bin/sh
# make try: imports the sample exports into ./try, searches, shows, and
# compares every number with testdata/exports/expect.txt, which was written by
# hand. Ends non-zero if one differs.
set -eu
cd "$(dirname "$0")/.."
export LOSTPOST_ARCHIVE=try/archive XDG_STATE_HOME=try/state
expect=testdata/exports/expect.txt
rm -rf try
mkdir -p try
bad=0

same() { # what, got, want
	[ "$2" = "$3" ] && return
	echo "try: $1 is $2, expected $3" >&2
	bad=1
}
want() { awk -v k="$1" '$1 == k { print $2 }' "$expect"; }

echo '$ lostpost import testdata/exports/takeout.zip testdata/exports/thunderbird testdata/exports/loose'
# Exit code 3: some items are reported. The sample holds one on purpose.
code=0
./lostpost import testdata/exports/takeout.zip testdata/exports/thunderbird testdata/exports/loose >try/account || code=$?
cat try/account
same "the exit code of import" "$code" 3
numbers=$(sed -n 's/^\([0-9]*\) seen = \([0-9]*\) stored + \([0-9]*\) already there + \([0-9]*\) not readable$/\1 \2 \3 \4/p' try/account)
set -- $numbers none none none none
same "seen" "$1" "$(want seen)"
same "stored" "$2" "$(want stored)"
same "already there" "$3" "$(want already-there)"
same "not readable" "$4" "$(want not-readable)"
same "not mail" "$(sed -n 's/^not mail: \([0-9]*\) file.*/\1/p' try/account)" "$(want not-mail)"

echo
echo '$ lostpost search Fahrrad'
./lostpost search Fahrrad
echo
echo '$ lostpost show ID | head -12'
./lostpost show "$(./lostpost search --limit 1 --output ids Fahrrad | head -1)" >try/shown
sed -n 1,12p try/shown

echo
grep '^search ' "$expect" >try/queries
while read -r _ n query; do
	got=$(./lostpost search --output count "$query" || true)
	printf 'search %-44s %s\n' "$query" "$got"
	same "the count of $query" "$got" "$n"
done <try/queries

echo
echo '$ lostpost drafts testdata/exports/takeout.zip'
./lostpost drafts testdata/exports/takeout.zip >try/drafts
cat try/drafts
same "the number of drafts" "$(grep -c . try/drafts)" "$(want drafts)"
same "the versions of the draft" "$(sed -n 's/.*\t\([0-9]*\) versions.*/\1/p' try/drafts)" "$(want draft-versions)"
echo
echo '$ lostpost drafts why 1 testdata/exports/takeout.zip'
./lostpost drafts why 1 testdata/exports/takeout.zip

echo
echo '$ lostpost check'
./lostpost check || bad=1
if [ "$bad" != 0 ]; then
	echo "try: numbers differ from $expect" >&2
	exit 1
fi
echo
echo "Now with your own: ./lostpost import PATH    (this was written to ./try, delete it any time)"
