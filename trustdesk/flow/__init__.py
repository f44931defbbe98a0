"""The only writers. One module per verb; its public functions are the use cases.

receive → parse → triage → enrich → decide → enforce → notify, and appeal leads back to decide. Every change of a case
goes through `record`: state, journal entry and tasks in one transaction.
"""
