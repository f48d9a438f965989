metadata description = 'One page that says how the workflows are doing, from the same questions that the alerts ask.'

@description('Required. What names end with.')
param name string

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. Application Insights component that is asked.')
param insightsId string

// A workbook's query item: type 3, version KqlItem/1.0, asked of Application Insights (queryType 0).
var panels = [
  {
    title: 'Outcomes by type of workflow'
    visual: 'barchart'
    query: loadTextContent('../queries/business_outcomes.kql')
  }
  {
    title: 'Waiting for an operator'
    visual: 'table'
    query: loadTextContent('../queries/needs_attention.kql')
  }
  {
    title: 'Failed orchestrations'
    visual: 'table'
    query: loadTextContent('../queries/failed_instances.kql')
  }
  {
    title: 'Not picked up'
    visual: 'table'
    query: loadTextContent('../queries/backlog_age.kql')
  }
  {
    title: 'Approvals overdue'
    visual: 'table'
    query: loadTextContent('../queries/overdue_approvals.kql')
  }
  {
    title: 'Rows a second in batch jobs'
    visual: 'timechart'
    query: loadTextContent('../queries/batch_throughput.kql')
  }
  {
    title: 'Orders by messages that were refused'
    visual: 'table'
    query: loadTextContent('../queries/refused_messages.kql')
  }
  {
    title: 'Server errors'
    visual: 'table'
    query: loadTextContent('../queries/http_5xx.kql')
  }
  {
    title: 'Slow requests'
    visual: 'table'
    query: loadTextContent('../queries/latency.kql')
  }
  {
    title: 'Hosts that restarted'
    visual: 'table'
    query: loadTextContent('../queries/host_restarts.kql')
  }
  {
    title: 'In flight'
    visual: 'table'
    query: loadTextContent('../queries/in_flight.kql')
  }
  {
    title: 'Undone, and where each failed first'
    visual: 'table'
    query: loadTextContent('../queries/compensations.kql')
  }
  {
    title: 'How long levels waited for people'
    visual: 'timechart'
    query: loadTextContent('../queries/approval_age.kql')
  }
  {
    title: 'Activities that take the most time'
    visual: 'table'
    query: loadTextContent('../queries/slowest_activities.kql')
  }
  {
    title: 'Activities that are tried again'
    visual: 'table'
    query: loadTextContent('../queries/retries.kql')
  }
  {
    title: 'Ends that were told twice'
    visual: 'table'
    query: loadTextContent('../queries/replay_health.kql')
  }
]

var introduction = {
  type: 1
  name: 'introduction'
  content: {
    json: '## Workflows\n\nEmpty tables are good news: each lists what is wrong now. What to do about a row is in the runbook.'
  }
}

var timeRange = {
  type: 9
  name: 'time'
  content: {
    version: 'KqlParameterItem/1.0'
    parameters: [
      {
        id: guid(name, 'time')
        version: 'KqlParameterItem/1.0'
        name: 'TimeRange'
        label: 'Time range'
        type: 4
        isRequired: true
        value: {
          durationMs: 86400000
        }
      }
    ]
  }
}

var charts = [
  for panel in panels: {
    type: 3
    name: panel.title
    content: {
      version: 'KqlItem/1.0'
      title: panel.title
      query: panel.query
      size: 0
      queryType: 0
      resourceType: 'microsoft.insights/components'
      timeContextFromParameter: 'TimeRange'
      visualization: panel.visual
      showExportToExcel: true
    }
  }
]

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, name, 'workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Workflows ${name}'
    category: 'workbook'
    sourceId: insightsId
    serializedData: string({
      version: 'Notebook/1.0'
      items: concat([introduction, timeRange], charts)
      fallbackResourceIds: [insightsId]
    })
  }
}

@description('Resource id of the workbook.')
output workbookId string = workbook.id
