metadata description = 'Who is told, and what counts as wrong. The questions are in ../queries; the runbook has a section for each answer.'

@description('Required. What names end with.')
param name string

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. Application Insights component that is asked.')
param insightsId string

@description('Required. Addresses that are told.')
@minLength(1)
param mails array

@description('Required. Whether an hour without any report is an alarm: where orders come round the clock.')
param alertOnSilence bool

// A query returns a row for each thing that is wrong, so every rule is the same: more than no rows.
// Severity 0 wakes somebody up, 1 is for today, 2 for this week.
var rules = [
  {
    name: 'needs-attention'
    title: 'A workflow waits for an operator'
    meaning: 'Money or goods are undecided until somebody settles it.'
    severity: 0
    every: 'PT5M'
    window: 'PT15M'
    looksBack: 'P2D' // it rings until it is settled
    query: loadTextContent('../queries/needs_attention.kql')
    isOn: true
  }
  {
    name: 'failed-instances'
    title: 'An orchestration failed'
    meaning: 'Business outcomes are values: a failed instance is a fault of code or platform.'
    severity: 1
    every: 'PT5M'
    window: 'PT15M'
    looksBack: 'PT15M'
    query: loadTextContent('../queries/failed_instances.kql')
    isOn: true
  }
  {
    name: 'backlog-age'
    title: 'Started workflows are not picked up'
    meaning: 'Instances stay pending: the app is down, throttled or too small.'
    severity: 0
    every: 'PT5M'
    window: 'PT15M'
    looksBack: 'PT15M'
    query: loadTextContent('../queries/backlog_age.kql')
    isOn: true
  }
  {
    name: 'overdue-approvals'
    title: 'An approval is overdue'
    meaning: 'A level has passed its deadline and nothing moved on.'
    severity: 2
    every: 'PT15M'
    window: 'PT1H'
    looksBack: 'P2D' // a deadline passes long after it was set
    query: loadTextContent('../queries/overdue_approvals.kql')
    isOn: true
  }
  {
    name: 'http-5xx'
    title: 'Callers get server errors'
    meaning: 'A share of requests is answered with 5xx.'
    severity: 1
    every: 'PT5M'
    window: 'PT15M'
    looksBack: 'PT15M'
    query: loadTextContent('../queries/http_5xx.kql')
    isOn: true
  }
  {
    name: 'latency'
    title: 'Requests are slow'
    meaning: 'The slowest twentieth of requests takes longer than promised.'
    severity: 2
    every: 'PT5M'
    window: 'PT15M'
    looksBack: 'PT15M'
    query: loadTextContent('../queries/latency.kql')
    isOn: true
  }
  {
    name: 'refused-messages'
    title: 'Orders that came as messages were refused'
    meaning: 'Somebody sends what can never be an order, or storage was away for too long; the messages are kept.'
    severity: 2
    every: 'PT15M'
    window: 'PT1H'
    looksBack: 'PT1H'
    query: loadTextContent('../queries/refused_messages.kql')
    isOn: true
  }
  {
    name: 'host-restarts'
    title: 'Hosts restart again and again'
    meaning: 'Instances die and come back: memory, a crash at start, or a bad package.'
    severity: 1
    every: 'PT15M'
    window: 'PT1H'
    looksBack: 'PT1H'
    query: loadTextContent('../queries/host_restarts.kql')
    isOn: true
  }
  {
    name: 'silence'
    title: 'The app says nothing'
    meaning: 'Nothing was reported for an hour, though something always happens here.'
    severity: 1
    every: 'PT15M'
    window: 'PT1H'
    looksBack: 'PT1H'
    query: loadTextContent('../queries/silence.kql')
    isOn: alertOnSilence
  }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-${name}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'workflows'
    enabled: true
    emailReceivers: [
      for (mail, index) in mails: {
        name: 'mail-${index}'
        emailAddress: mail
        useCommonAlertSchema: true
      }
    ]
  }
}

resource alerts 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for rule in rules: {
    name: '${rule.name}-${name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: rule.title
      description: '${rule.meaning} What to do: docs/runbook.md, ${rule.name}.'
      severity: rule.severity
      enabled: rule.isOn
      scopes: [insightsId]
      evaluationFrequency: rule.every
      windowSize: rule.window
      overrideQueryTimeRange: rule.looksBack
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      autoMitigate: true
      actions: {
        actionGroups: [people.id]
      }
    }
  }
]

@description('Action group that everything else tells, too.')
output actionGroupId string = people.id
