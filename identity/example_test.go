package identity_test

import (
	"errors"
	"fmt"

	"reperform/identity"
)

// A compliance manager concludes on management's own test and learns nothing
// of the auditor's file.
func ExampleAuthorizer_Check() {
	may, err := identity.New()
	if err != nil {
		panic(err)
	}
	kim := identity.Principal{ID: "kim", Side: identity.ServiceOrganization, Roles: []identity.Role{identity.ComplianceManager}}

	own := identity.Resource{Ledger: "organization", Class: identity.Organization, Kind: "conclusion", By: identity.ByManagement}
	fmt.Println(may.Check(kim, identity.Conclude, own))

	file := identity.Resource{Ledger: "exam-2025", Class: identity.Examination, Kind: "conclusion"}
	err = may.Check(kim, identity.Read, file)
	fmt.Println(err)

	var denied *identity.DeniedError
	fmt.Println(errors.As(err, &denied) && denied.Hidden)
	// Output:
	// <nil>
	// there is no ledger "exam-2025" that you can use; check its name, or ask those who work in it to add you
	// true
}
